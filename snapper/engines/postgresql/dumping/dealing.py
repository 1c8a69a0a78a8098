"""Which table is dumped in which band: the largest first, each to the band that has least to do."""

from collections.abc import Sequence

from snapper.engines.postgresql.dumping.listed import Content, Listed

SMALLEST = 1 << 20
"""Bytes of a table below which it stays in the band of all the rest."""

MOST = 1000
"""Tables that are dealt: pg_dump looks up each that it is told."""

LONGEST = 256 << 10
"""Bytes of all their names. They are arguments, of which a program takes 2 MiB on Linux."""

WORTH = 0.9
"""Of all bytes; where one band has more than this share, the others help it little."""


def deal(content: Content, jobs: int) -> list[list[Listed]]:
    """Give the tables of each band but the one that has all the rest; none if it is not worth it.

    At most as many bands as `jobs`, with that one, and each has a table. Whatever is not dealt is
    the rest's: small tables, and what would be too many names.
    """
    chosen = _chosen(content.tables)
    rest = sum(each.size for each in content.tables) - sum(each.size for each in chosen)
    loads = [rest + content.large_objects, *(0 for _ in range(1, jobs))]
    bands: list[list[Listed]] = [[] for _ in loads]
    for table in chosen:
        emptiest = loads.index(min(loads))
        loads[emptiest] += table.size
        bands[emptiest].append(table)
    if max(loads) > WORTH * sum(loads):
        return []
    return [band for band in bands[1:] if band]


def _chosen(tables: Sequence[Listed]) -> list[Listed]:
    """Give the largest whose names are not too many, nor too long."""
    large = [each for each in tables if each.size >= SMALLEST]
    large.sort(key=lambda each: (-each.size, each.pattern))
    chosen, length = [], 0
    for table in large[:MOST]:
        length += len(table.pattern) + sum(map(len, table.sequences))
        if length > LONGEST:
            break
        chosen.append(table)
    return chosen
