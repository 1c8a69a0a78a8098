"""How much memory and time a dump of about 1.5 GB takes, through the real pipeline.

    .venv/bin/python -m benchmarks.dump [gigabytes] [rounds] [jobs…]

A real server and its real pg_dump on one side, on the other an S3 that throws everything away, so
that the figures are ours alone: once as fast as it comes, and once so slowly that parts pile up in
memory as far as they may. The dump runs in a process of its own, with all that the function
imports; its peak is what the kernel counts as resident. What the list of contents costs is seen by
dumps with and without one, in turn: by their medians. So are several programs at once, which dump a
database of more than 1 GiB alone. The figures are printed, not judged.
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine import python
from snapper.machine.run_directory import run_directory

DUMP = "--dump"
WITHOUT = "--without-list"
JOBS = "--jobs"
MIB = 1 << 20

_STORES = {"quick S3": 0.0, "slow S3": 1.0}
"""Seconds that each part takes."""

# 67 bytes of plain SQL a row; half of it hardly to be compressed.
_ROWS_PER_GIGABYTE = 15_000_000
_TABLES = 8
_FILL = """
CREATE UNLOGGED TABLE public.measured{number} AS
SELECT n, md5(n::text) AS noise, 'a word that is often said' AS words
FROM generate_series({number}, {rows}, {tables}) AS n
"""


class _Abyss(BaseHTTPRequestHandler):
    """As much of S3 as an upload asks for; it keeps nothing but the count of bytes."""

    protocol_version = "HTTP/1.1"
    seconds_per_part = 0.0

    def do_GET(self) -> None:
        self._answer(
            b"<ListBucketResult><Name>vault</Name><Prefix></Prefix><KeyCount>0</KeyCount>"
            b"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"
        )

    def do_POST(self) -> None:
        self._swallow()
        if "uploads" in parse_qs(urlsplit(self.path).query, keep_blank_values=True):
            self._answer(b"<R><UploadId>1</UploadId></R>")
        else:
            self._answer(
                b"<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
            )

    def do_PUT(self) -> None:
        self._swallow()
        time.sleep(_Abyss.seconds_per_part)
        self._answer(b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _swallow(self) -> None:
        left = int(self.headers.get("Content-Length", 0))
        while left:
            left -= len(self.rfile.read(min(left, MIB)))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(gigabytes: float = 1.5, rounds: float = 3, *jobs: float) -> None:
    """Make the database, dump it in children in turn, and print the medians of their figures."""
    several = {f"with {int(each)} jobs": [JOBS, str(int(each)), DUMP] for each in jobs}
    abyss = ThreadingHTTPServer(("127.0.0.1", 0), _Abyss)
    threading.Thread(target=abyss.serve_forever, daemon=True).start()
    with run_directory() as directory, PostgresServer(17, directory / "server") as server:
        _fill(server.dsn(), int(gigabytes * _ROWS_PER_GIGABYTE))
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{abyss.server_port}",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }
        ways = {"with a list": [DUMP], "without": [WITHOUT, DUMP], **several}
        for name, seconds in _STORES.items():
            _Abyss.seconds_per_part = seconds
            found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
            for _ in range(int(rounds)):
                for way, options in ways.items():
                    found[way].append(_child([*options, server.dsn()], environment))
            for way, figures in found.items():
                middle = {each: median(one[each] for one in figures) for each in figures[0]}
                print(f"{name}, {way}: {_told(middle)}", flush=True)


def _child(arguments: list[str], environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, *python.running("benchmarks.dump", *arguments)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _told(figures: dict[str, float]) -> str:
    plain, stored, peak, before = (
        figures[name] / MIB for name in ("dump_bytes", "backup_bytes", "peak", "before")
    )
    seconds = figures["seconds"]
    return (
        f"{plain:,.0f} MiB of SQL, {stored:,.0f} MiB stored, {seconds:.1f} s, "
        f"{plain / seconds:.0f} MiB/s, {figures['cpu']:.1f} CPU s of Python; "
        f"its peak of memory {peak:.0f} MiB, before the dump {before:.0f} MiB"
    )


def _fill(dsn: str, rows: int) -> None:
    with asking(Connection.parse(dsn), redactor(dsn)) as cursor:
        for number in range(1, _TABLES + 1):
            cursor.execute(_FILL.format(number=number, rows=rows, tables=_TABLES))


def _dump(dsn: str, *, listed: bool, jobs: int) -> None:
    """Be the function: import what it imports, dump, and tell the peak of this process."""
    import functions.dumper  # noqa: F401  what a function has loaded counts
    from snapper.aws.vault import Vault
    from snapper.engines.listing import Listing
    from snapper.values.job import Job
    from snapper.values.secrets import Database
    from snapper.verbs import dump
    from snapper.verbs.events import Silence

    if not listed:
        # As it was before there were lists.
        vars(dump)["Listing"] = lambda following: Listing(following, most=0)

    dumper = dump.Dumper(Vault.connect("vault"), Silence(), jobs=lambda _: jobs)
    before, began, used = _peak(), time.monotonic(), time.process_time()
    manifest = dumper.dump(Job("measured", datetime.now(UTC)), Database("measured", dsn, 1))
    assert manifest is not None
    figures = {
        "dump_bytes": manifest.dump_bytes,
        "backup_bytes": manifest.backup_bytes,
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - used,
        "peak": _peak(),
        "before": before,
    }
    print(json.dumps(figures))


def _peak() -> int:
    """Give the most bytes this process has had in memory; its tools are not of it."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of Linux includes the process that we were forked from
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    if DUMP in sys.argv:
        several = int(sys.argv[sys.argv.index(JOBS) + 1]) if JOBS in sys.argv else 1
        _dump(sys.argv[-1], listed=WITHOUT not in sys.argv, jobs=several)
    else:
        main(*map(float, sys.argv[1:]))
