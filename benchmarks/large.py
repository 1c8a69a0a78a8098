"""A large database through the whole service: dumped in a function and in a container.

    .venv/bin/python -m benchmarks.large [gigabytes]

The packaged functions and the container run on the embedded cloud by their own roles, and the
restores are the command line's own. What source and copy hold is compared by a dump of each, byte
for byte. The most memory that each process had is what the kernel counts as resident. The emulator
keeps objects in memory: have four times the compressed size free, and two and a half times the
database's on disk.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from local.deployment.deploy import deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine import python
from snapper.machine.children import ROOT
from snapper.machine.run_directory import run_directory

STAGE, MAJOR = "large", 17
WAYS = {"in a function": "function", "in a container": "batch"}
"""Each with the key of its database, which is what the option dumpIn says too."""

MIB = 1 << 20

_TABLES = 4
_ROWS_PER_GIGABYTE = 1_000_000
# About a kilobyte of plain SQL a row, of words that text has, and of digits that nothing shortens.
_FILL = """
CREATE TABLE public.part_{number} (
    id bigint PRIMARY KEY, noise text NOT NULL, words text NOT NULL, at timestamptz NOT NULL
);
INSERT INTO public.part_{number}
SELECT n,
       (SELECT string_agg(md5((5 * n + k + {number})::text), ' ') FROM generate_series(0, 4) AS k),
       repeat('what people write is often what they wrote before ', 15), '2026-01-01'::timestamptz
           + n * interval '1 second'
FROM generate_series(1, {rows}) AS n;
"""
_SETTINGS = {"max_wal_size": "8GB", "maintenance_work_mem": "256MB", "shared_buffers": "256MB"}
_GLANCE = 0.2


class Peaks:
    """The most bytes that processes had, by what they are: sampled while they run."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}
        self._ended = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at all processes until the end of the block."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            self._ended.clear()

    def _look(self) -> None:
        while not self._ended.wait(_GLANCE):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    kind = _kind(folder)
                    if kind:
                        self.of[kind] = max(self.of.get(kind, 0), _peak(folder))
                except (OSError, StopIteration):
                    continue  # it has ended meanwhile


def main(gigabytes: float = 10.0) -> None:
    """Make the database, back it up in both ways, restore, compare, and print the figures."""
    with (
        run_directory() as directory,
        PostgresServer(MAJOR, directory / "source", settings=_SETTINGS, tcp=True) as source,
        PostgresServer(MAJOR, directory / "target", settings=_SETTINGS, tcp=True) as target,
        Cloud.start(directory) as cloud,
        LambdaHost(cloud, directory) as host,
    ):
        _say(f"filling a database of about {gigabytes:g} GB")
        _fill(source.dsn(), int(gigabytes * _ROWS_PER_GIGABYTE / _TABLES))
        deploy(cloud, host, ROOT, STAGE, _config(source.dsn()))
        environment = {**cloud.environment(), "SNAPPER_STAGE": STAGE}
        before = _digest(source.dsn())
        for way, key in WAYS.items():
            peaks = Peaks()
            with peaks.watched():
                made = _snapper(environment, "run", key, "--wait", "--patience", "120", "--json")
                _say(f"{way}: {_told(made['jobs'][0])}")
                began = time.monotonic()
                target_dsn = target.dsn(f"copy of {key}")
                _snapper(environment, "restore", key, "--to", target_dsn, "--create", "--json")
                _say(f"{way}: restored in {time.monotonic() - began:.0f} s")
            for kind, peak in sorted(peaks.of.items()):
                _say(f"{way}: most memory of {kind} {peak / 1e6:.0f} MB")
            after = _digest(target_dsn)
            if after != before:
                sys.exit(f"{way}: DIFFERENT, {before} became {after}")
            _say(f"{way}: identical")
            with asking(Connection.parse(target.dsn()), redactor(target.dsn())) as cursor:
                cursor.execute(f'DROP DATABASE "copy of {key}"')


def _told(job: Mapping[str, Any]) -> str:
    if not job["manifest"]:
        sys.exit(f"no backup was made: {job['error']}")
    manifest = job["manifest"]
    began, ended = (
        datetime.fromisoformat(manifest[each]) for each in ("started_at", "finished_at")
    )
    return (
        f"{manifest['dump_bytes'] / MIB:,.0f} MiB of SQL, "
        f"{manifest['backup_bytes'] / MIB:,.0f} MiB stored, in {(ended - began).seconds} s"
    )


def _snapper(environment: Mapping[str, str], *arguments: str) -> Any:  # noqa: ANN401  any JSON
    """Run a command of the command line, and give its document."""
    done = subprocess.run(
        [sys.executable, *python.running("snapper.cli", *arguments)],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


def _fill(dsn: str, rows: int) -> None:
    with asking(Connection.parse(dsn), redactor(dsn)) as cursor:
        for number in range(_TABLES):
            cursor.execute(_FILL.format(number=number, rows=rows))


def _digest(dsn: str) -> str:
    """Give the SHA-256 of a plain dump, without what is another one's in each."""
    tools = PostgreSQL().tools
    digest = hashlib.sha256()
    with subprocess.Popen(
        [tools.tool("pg_dump", MAJOR), "--restrict-key=same", f"--dbname={dsn}"],
        env=tools.environment(),
        stdout=subprocess.PIPE,
    ) as dump:
        while block := dump.stdout.read(MIB) if dump.stdout else b"":
            digest.update(block)
    if dump.returncode:
        sys.exit(f"pg_dump ended with status {dump.returncode}")
    return digest.hexdigest()


def _config(dsn: str) -> dict[str, str]:
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    keys = WAYS.values()
    return {
        "DATABASE_CONN_STRINGS": "|".join(f"{key},{dsn},POSTGRES" for key in keys),
        "BACKUP_STORAGE_DATA": "|".join(f"{key},2" for key in keys),
        "databases": json.dumps({key: {"dumpIn": key} for key in keys}),
        "architecture": "arm64" if arm else "x86_64",
        "largeDatabases": "true",
        "drill": "off",
    }


def _kind(process: Path) -> str:
    """Name a process of ours that is of interest; nothing of any other."""
    words = (process / "cmdline").read_bytes().split(b"\0")
    if Path(words[0].decode()).name == "pg_dump":
        return "pg_dump"
    if b"python" not in words[0]:
        return ""
    if b"snapper.cli" in words:
        return "snapper restore" if b"restore" in words else ""
    variables = (process / "environ").read_bytes().split(b"\0")
    own = dict(each.split(b"=", 1) for each in variables if b"=" in each)
    if b"AWS_BATCH_JOB_ID" in own:
        return "the container"
    function = own.get(b"AWS_LAMBDA_FUNCTION_NAME", b"").decode()
    return function if function.startswith(f"snapper-{STAGE}-") else ""


def _peak(process: Path) -> int:
    lines = (process / "status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
