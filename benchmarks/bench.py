"""Ways to dump beside each other, in turn; see `bin/bench`.

Every round runs each way once, so that what else the machine does meets all of them.
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import imports, page, restore
from benchmarks.databases import fill, fill_with_tables
from benchmarks.figures import FILE, Figures, Measured, measured
from benchmarks.ours import CLIENTS, clients_in
from benchmarks.s3 import s3
from benchmarks.targets import judged
from benchmarks.ways import CUSTOM, DISCARD, LINES, ZSTD, Run, real_aws, ways
from bin.pg_dump.layer import client_root
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory

MAJOR = 17
_SETTINGS = {"max_wal_size": "8GB", "max_locks_per_transaction": "1024"}


class Case(NamedTuple):
    """A database to be made: how it is called, filled, and by which lines dumped how often."""

    title: str
    fill: Callable[[str], None]
    lines: Sequence[str] = LINES
    rounds: int = 3


def cases(*, full: bool) -> list[Case]:
    """Give what is measured: in full, or a tenth of it."""
    if not full:
        return [
            Case("0.1 GB of text", partial(fill, kind="text", gigabytes=0.1), rounds=1),
            Case(
                "0.1 GB that does not compress",
                partial(fill, kind="noise", gigabytes=0.1),
                rounds=1,
            ),
            Case("1,000 small tables", partial(fill_with_tables, count=1000), rounds=1),
        ]
    return [
        Case("1 GB of text", partial(fill, kind="text", gigabytes=1.1)),
        Case("1 GB that does not compress", partial(fill, kind="noise", gigabytes=1.1), rounds=2),
        Case("20,000 small tables", partial(fill_with_tables, count=20_000), (DISCARD, CUSTOM), 1),
        Case("10 GB of text", partial(fill, kind="text", gigabytes=10), (DISCARD, ZSTD), 1),
    ]


def main() -> None:
    """Measure, print, and write the page if all was measured."""
    parser = argparse.ArgumentParser(prog="bin/bench", description="measure ways to dump")
    parser.add_argument("--full", action="store_true", help="all of it, and write the page")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    databases = [_measure(case) for case in cases(full=options.full)]
    restores = restore.measured(1.0 if options.full else 0.1, 2 if options.full else 1)
    figures = Figures(
        _machine(),
        f"{datetime.now(UTC):%Y-%m-%d}",
        platform.python_version(),
        real_aws(),
        round(imports.seconds(), 3),
        tuple(databases),
        restores,
    )
    if options.full:
        FILE.write_text(figures.to_json(), encoding="utf-8")
        page.write(figures)
    if options.json:
        print(figures.to_json(), end="")
        return
    print(page.tables(figures))
    # Of less, what is there before the first row would be judged.
    for each in judged(figures) if options.full else ():
        print(each.line())


def _measure(case: Case) -> Measured:
    with (
        run_directory() as directory,
        PostgresServer(MAJOR, directory / "server", settings=_SETTINGS) as server,
        s3() as bucket,
    ):
        _say(f"{case.title}: it is made")
        case.fill(server.dsn())
        environment = {**bucket, CLIENTS: str(clients_in(directory))}
        pg_dump = Path(ClientTools(client_root()).tool("pg_dump", MAJOR))
        known = ways(server.dsn(), pg_dump, environment, case.lines)
        known[DISCARD]()  # what is read first comes from the disk
        rounds: list[dict[str, Run]] = []
        for number in range(case.rounds):
            rounds.append({})
            for name, way in known.items():
                rounds[-1][name] = run = way()
                _say(f"{case.title}, round {number + 1}: {name}: {run.seconds:.1f} s")
        return measured(case.title, rounds)


def _machine() -> str:
    text = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 10**9
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GB, {platform.system()}"


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
