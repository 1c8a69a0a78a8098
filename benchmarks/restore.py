"""How long a restore into a new database takes, beside what PostgreSQL's own programs take.

    .venv/bin/python -m benchmarks.restore [gigabytes] [rounds] [jobs]

One server, several large tables of text with keys and indexes; in turn: psql of a plain file that
lies on the disk, ours from an S3 on loopback with one job and with several, pg_restore with as many
of a dump in the custom format on the disk. Ours runs in a process of its own, whose peak of memory
is told. Printed are the medians, not judged.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.keeping import keeping
from snapper.engines.postgresql.connecting.asking import WORKS, asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.trying import bundled
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine import python
from snapper.machine.run_directory import run_directory

MAJOR = 17
DUMP, RESTORE = "--dump", "--restore"
MIB = 1 << 20

# As a server has them that is not thrown away, but for the waiting for its disk.
_SETTINGS = {
    "wal_level": "replica",
    "max_wal_senders": "10",
    "shared_buffers": "256MB",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "128MB",
}

# About 110 bytes of plain SQL a row, of which a third is hardly to be compressed.
_ROWS_PER_GIGABYTE = 9_000_000
_SHARES = (0.4, 0.25, 0.2, 0.15)
_TABLE = """
CREATE UNLOGGED TABLE public.t{number} AS
SELECT n AS id, n % 1000 AS kind, md5(n::text) AS noise,
    'a word that is often said, and one for ' || n % 5000 AS words, now() AS made_at
FROM generate_series(1, {rows}) AS n;
ALTER TABLE public.t{number} ADD PRIMARY KEY (id);
CREATE INDEX ON public.t{number} (kind);
CREATE INDEX ON public.t{number} (noise);
"""

Figures = dict[str, float]


def measured(
    gigabytes: float = 1.0,
    rounds: int = 3,
    jobs: int = 4,
    fill: Callable[[str], None] | None = None,
) -> dict[str, Figures]:
    """Give for each way the medians: seconds, and of ours CPU seconds and the peak in bytes.

    The database is filled by `fill`, which is given its connection, or with so many gigabytes.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(run_directory())
        server = stack.enter_context(PostgresServer(MAJOR, folder / "server", settings=_SETTINGS))
        store = stack.enter_context(keeping(folder / "s3"))
        (fill or partial(_fill, rows=int(gigabytes * _ROWS_PER_GIGABYTE)))(server.dsn())
        ways = _ways(server, folder, {**os.environ, **store}, jobs)
        found: dict[str, list[Figures]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                found[name].append(way())
                _drop(server)
        return {
            name: {each: median(one[each] for one in figures) for each in figures[0]}
            for name, figures in found.items()
        }


def main(gigabytes: float = 1.0, rounds: float = 3, jobs: float = 4) -> None:
    """Measure, and print a line for each way."""
    found = measured(gigabytes, int(rounds), int(jobs))
    least = found["psql of a plain file"]["seconds"]
    for name, figures in found.items():
        ours = (
            f", {figures['cpu']:.1f} CPU s of Python, {figures['peak'] / MIB:.0f} MiB at most"
            if "peak" in figures
            else ""
        )
        seconds = figures["seconds"]
        print(f"{name}: {seconds:.1f} s, {seconds / least:.2f} of psql{ours}", flush=True)


def _ways(
    server: PostgresServer, folder: Path, environment: Mapping[str, str], jobs: int
) -> dict[str, Callable[[], Figures]]:
    """Dump in all three ways, and give how each is restored into the database `anew`."""
    programs = bundled.of_major(MAJOR) / "bin"
    plain, custom = folder / "plain.sql", folder / "custom.dump"
    pg_dump = [str(programs / "pg_dump"), "--dbname", server.dsn()]
    subprocess.run([*pg_dump, "--file", plain], check=True)
    subprocess.run([*pg_dump, "--format=custom", "--file", custom], check=True)
    manifest = _child([DUMP, server.dsn()], environment)
    (folder / "manifest.json").write_text(manifest)
    anew = server.dsn("anew")

    def by(*command: str | Path) -> Figures:
        with asking(Connection.parse(server.dsn()), redactor(server.dsn())) as cursor:
            cursor.execute("CREATE DATABASE anew TEMPLATE template0")
        began = time.monotonic()
        subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)
        return {"seconds": time.monotonic() - began}

    def ours(number: int) -> Figures:
        answer = _child([RESTORE, str(number), str(folder / "manifest.json"), anew], environment)
        figures: Figures = json.loads(answer)
        return figures

    psql = (programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", anew, "-f", plain)
    pg_restore = (programs / "pg_restore", f"--jobs={jobs}", "--dbname", anew, custom)
    return {
        "psql of a plain file": partial(by, *psql),
        "snapper with 1 job": partial(ours, 1),
        f"snapper with {jobs} jobs": partial(ours, jobs),
        f"pg_restore with {jobs} jobs": partial(by, *pg_restore),
    }


def _child(arguments: list[str], environment: Mapping[str, str]) -> str:
    command = [sys.executable, *python.running("benchmarks.restore", *arguments)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def _fill(dsn: str, rows: int) -> None:
    with asking(Connection.parse(dsn), redactor(dsn), patience=WORKS) as cursor:
        for number, share in enumerate(_SHARES):
            cursor.execute(_TABLE.format(number=number, rows=int(rows * share)))


def _drop(server: PostgresServer) -> None:
    with asking(Connection.parse(server.dsn()), redactor(server.dsn())) as cursor:
        cursor.execute("DROP DATABASE anew")
        cursor.execute("CHECKPOINT")


def _dump(dsn: str) -> None:
    """Back the database up, and tell the manifest."""
    from snapper.aws.vault import Vault
    from snapper.values.job import Job
    from snapper.values.secrets import Database
    from snapper.verbs.dump import Dumper
    from snapper.verbs.events import Silence

    dumper = Dumper(Vault.connect("vault"), Silence())
    manifest = dumper.dump(Job("measured", datetime.now(UTC)), Database("measured", dsn, 1))
    assert manifest is not None
    print(json.dumps(json.loads(manifest.to_json())))


def _restore(jobs: int, manifest_file: str, target: str) -> None:
    """Restore the backup, and tell what it took."""
    from snapper.aws.vault import Vault
    from snapper.engines.engine import engine_of
    from snapper.engines.facts import RestoreOptions
    from snapper.values.manifest import Manifest
    from snapper.verbs.restore import restore_as_new

    manifest = Manifest.from_json(Path(manifest_file).read_bytes())
    vault, engine = Vault.connect("vault"), engine_of(manifest.engine)
    began, used = time.monotonic(), time.process_time()
    restore_as_new(vault, manifest, target, engine, options=RestoreOptions(jobs=jobs))
    figures = {
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - used,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--dump", dsn]:
            _dump(dsn)
        case ["--restore", jobs, manifest, target]:
            _restore(int(jobs), manifest, target)
        case numbers:
            main(*map(float, numbers))
