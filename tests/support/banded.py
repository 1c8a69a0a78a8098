"""Dumps in bands of databases that are small, and their texts one after the other."""

from collections.abc import Iterator

import pytest

from snapper.engines import bands as limits
from snapper.engines.bands import Arrived, Bands, OneJob
from snapper.engines.facts import Facts
from snapper.engines.following import Opening, Words
from snapper.engines.postgresql.dumping import dealing
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.reading.following import Following
from snapper.values.secrets import Database
from tests.support.engines import postgresql

PATIENCE = 60.0


def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every table of every database be worth a band."""
    monkeypatch.setattr(limits, "LEAST", 0)
    monkeypatch.setattr(dealing, "SMALLEST", 0)
    monkeypatch.setattr(dealing, "WORTH", 1.0)


def started(
    tools: ClientTools, database: Database, jobs: int = 3, patience: float = PATIENCE
) -> Bands | OneJob:
    """Start a dump in bands."""
    engine = postgresql(tools)
    facts = engine.inspect(database, PATIENCE)
    return engine.dump_in_bands(database, facts, patience, jobs)


def in_bands(tools: ClientTools, database: Database, jobs: int = 3) -> Bands:
    """Start a dump that must be one in bands."""
    made = started(tools, database, jobs)
    assert not isinstance(made, OneJob), made
    return made


def texts(bands: Bands) -> Iterator[bytes]:
    """Read all texts in their order."""
    for each in (bands.before, *bands.bands, bands.after):
        yield b"".join(iter(lambda: each.read(1 << 20), b""))  # noqa: B023  read at once


def arrived(text: bytes, facts: Facts) -> Arrived:
    """Name the tables of which a text has the rows, and the sequences whose values it has."""
    following = Following(facts.part["encoding"])
    pieces = [*following.on(text), *following.end()]
    return Arrived(
        [(each.schema, each.table) for each in pieces if isinstance(each, Opening)],
        [each.counter for each in pieces if isinstance(each, Words) and each.counter],
    )


def joined(tools: ClientTools, database: Database, jobs: int = 3) -> bytes:
    """Dump in bands, and join the texts; the union is checked."""
    facts = postgresql(tools).inspect(database, PATIENCE)
    with in_bands(tools, database, jobs) as bands:
        before, *rows, after = texts(bands)
        bands.came([arrived(text, facts) for text in rows])
        bands.commit()
    return b"".join((before, *rows, after))
