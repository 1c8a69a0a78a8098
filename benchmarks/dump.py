"""How much memory and time a dump of about 1.5 GB takes, through the real pipeline.

    .venv/bin/python -m benchmarks.dump [gigabytes] [rounds] [jobs…]
    .venv/bin/python -m benchmarks.dump --sealed [gigabytes] [rounds] [jobs…]

A real server and its real pg_dump on one side, on the other an S3 that throws everything away, so
that the figures are ours alone: once as fast as it comes, and once so slowly that parts pile up in
memory as far as they may. The dump runs in a process of its own, with all that the function
imports; its peak is what the kernel counts as resident. What the list of contents costs is seen by
dumps with and without one, in turn: by their medians. So are several programs at once, which dump a
database of more than 1 GiB alone. With `--sealed` a quick S3 alone is tried, with text and with
what does not compress, as it is and sealed in turn. The figures are printed, not judged.
"""

import json
import os
import subprocess
import sys
from statistics import median

from benchmarks.databases import fill
from benchmarks.ours import CLIENTS, Took, clients_in
from benchmarks.s3 import s3
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine import python
from snapper.machine.run_directory import run_directory

MB = 10**6

_STORES = {"quick S3": 0.0, "slow S3": 1.0}
"""Seconds that each part takes."""

_WAYS = {"with a list": ["1"], "without": ["1", "unlisted"]}


def main(gigabytes: float = 1.5, rounds: float = 3, *jobs: float) -> None:
    """Make the database, dump it in children in turn, and print the medians of their figures."""
    ways = _WAYS | {f"with {int(each)} jobs": [str(int(each))] for each in jobs}
    _measure("text", gigabytes, _STORES, int(rounds), ways)


def sealed(gigabytes: float = 1.5, rounds: float = 5, *jobs: float) -> None:
    """Print what sealing costs: the same dumps as they are and sealed, in turn."""
    for kind in ("text", "noise"):
        ways: dict[str, list[str]] = {}
        for number in map(int, jobs or (1,)):
            ways |= {f"{number} jobs": [str(number)], f"{number} sealed": [str(number), "sealed"]}
        (figures,) = _measure(kind, gigabytes, {kind: 0.0}, int(rounds), ways)
        for number in map(int, jobs or (1,)):
            pairs = zip(figures[f"{number} jobs"], figures[f"{number} sealed"], strict=True)
            kept = median(plain.seconds / other.seconds for plain, other in pairs)
            print(f"{kind}, {number} jobs: sealed at {kept:.1%} of the throughput", flush=True)


def _measure(
    kind: str, gigabytes: float, stores: dict[str, float], rounds: int, ways: dict[str, list[str]]
) -> list[dict[str, list[Took]]]:
    """Make a database, dump it in children into each store, and print the medians."""
    measured = []
    with run_directory() as directory, PostgresServer(17, directory / "server") as server:
        fill(server.dsn(), kind, gigabytes)
        clients = {CLIENTS: str(clients_in(directory))}
        for name, seconds in stores.items():
            with s3(seconds) as bucket:
                found: dict[str, list[Took]] = {way: [] for way in ways}
                for _ in range(rounds):
                    for way, options in ways.items():
                        found[way].append(_child([server.dsn(), *options], clients | bucket))
            for way, figures in found.items():
                print(f"{name}, {way}: {_told(figures)}", flush=True)
            measured.append(found)
    return measured


def _child(arguments: list[str], environment: dict[str, str]) -> Took:
    command = [sys.executable, *python.running("benchmarks.ours", *arguments)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE
    )
    return Took(**json.loads(done.stdout.splitlines()[-1]))


def _told(figures: list[Took]) -> str:
    plain, stored, peak, before = (
        median(getattr(each, name) for each in figures) / MB
        for name in ("dump_bytes", "backup_bytes", "peak", "before")
    )
    seconds = median(each.seconds for each in figures)
    return (
        f"{plain:,.0f} MB of SQL, {stored:,.0f} MB stored, {seconds:.1f} s, "
        f"{plain / seconds:.0f} MB/s, {median(each.cpu for each in figures):.1f} CPU s of Python; "
        f"its peak of memory {peak:.0f} MB, before the dump {before:.0f} MB"
    )


if __name__ == "__main__":
    given = [float(each) for each in sys.argv[1:] if each != "--sealed"]
    (sealed if "--sealed" in sys.argv else main)(*given)
