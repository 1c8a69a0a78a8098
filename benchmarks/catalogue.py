"""How long `list` and `status` take on the embedded cloud, of all databases and of one.

    .venv/bin/python -m benchmarks.catalogue [databases] [backups] [rounds] [plain]

The stage is deployed as ever; its backups are made up: a dump of some bytes, and its manifest. The
seconds are those of the whole command, from its start, and what of them the command line itself
took of a processor; the rest is the emulator's, which shares the machine. First the summaries are
made, in a process of their own, as the watcher makes them from hour to hour; with `plain` at
the end they are not.
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from local.deployment.deploy import deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.vault import Vault
from snapper.machine import python
from snapper.machine.children import ROOT
from snapper.machine.run_directory import run_directory
from snapper.values.manifest import Manifest
from snapper.verbs.summarize import summarize
from snapper.verbs.survey import survey

STAGE = "many"
_DUMP = b"x" * 200
_AT_ONCE = 8
_PART = {"encoding": "UTF8", "pg_dump_version": "17.2", "roles": ["app", "reporting"]}


def main(
    databases: float = 100, backups: float = 30, rounds: float = 3, *, plain: bool = False
) -> None:
    """Deploy, fill, and print the medians."""
    keys = [f"DB{number:04}" for number in range(int(databases))]
    with (
        run_directory() as directory,
        Cloud.start(directory) as cloud,
        LambdaHost(cloud, directory) as host,
    ):
        bucket = deploy(cloud, host, ROOT, STAGE, _config(keys, int(backups))).outputs["bucket"]
        environment = {**os.environ, **cloud.environment(), "SNAPPER_STAGE": STAGE}
        cloud.client("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={}
        )
        _fill(Vault(bucket, cloud.client("s3")), keys, int(backups))
        print(f"{len(keys):,} databases with {int(backups)} backups each", flush=True)
        if not plain:
            _summarize(environment, bucket)
        for arguments in (["list"], ["status"], ["list", keys[0]], ["status", keys[0]]):
            found = [_seconds(environment, arguments) for _ in range(int(rounds))]
            wall, own = (median(each) for each in zip(*found, strict=True))
            print(f"{' '.join(arguments)}: {wall:.2f} s, {own:.2f} CPU s of ours", flush=True)


def _summarize(environment: Mapping[str, str], bucket: str) -> None:
    command = [sys.executable, "-m", "benchmarks.catalogue", "summarize", bucket]
    left = 1
    while left:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        told = json.loads(done.stdout)
        left = told["left"]
        print(f"summaries: {told}", flush=True)


def summarize_once(bucket: str) -> None:
    """Do in this process what the watcher does in an hour, and print what it took."""
    vault = Vault.connect(bucket)
    found = survey(vault, vault.folders(), lambda _, folder: folder.records)
    before = time.process_time()
    event = _Event()
    summarize(vault, found, event)
    seconds = round(time.process_time() - before, 2)
    print(json.dumps({**event.fields, "peak_mb": _peak_mb(), "seconds": seconds}))


class _Event:
    """Keeps what the only event says."""

    def emit(self, event: str, /, **fields: str | float) -> None:
        self.fields = {"event": event, **fields}


def _peak_mb() -> int:
    # A process inherits the peak of its parent in what getrusage says.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak) // 1000


def _config(keys: list[str], backups: int) -> dict[str, str]:
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "DATABASE_CONN_STRINGS": "|".join(
            f"{key},postgresql://app:x@db.example.com/{key},POSTGRES" for key in keys
        ),
        "BACKUP_STORAGE_DATA": "|".join(f"{key},{backups}" for key in keys),
        "architecture": "arm64" if arm else "x86_64",
        "drill": "off",
    }


def _fill(vault: Vault, keys: list[str], backups: int) -> None:
    def put(manifest: Manifest) -> None:
        vault.put(manifest.dump_key, _DUMP)
        vault.put(manifest.key, manifest.to_json().encode())

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(put, _manifests(keys, backups)))


def _manifests(keys: list[str], backups: int) -> Iterator[Manifest]:
    newest = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    for key in keys:
        for age in range(backups):
            at = newest - timedelta(days=age)
            yield Manifest(
                database=key,
                database_name=key.lower(),
                scheduled_at=at,
                started_at=at,
                finished_at=at + timedelta(minutes=1),
                snapper_version="1.0.0",
                server_version="17.2",
                source="ab" * 16,
                encrypted_connection=True,
                database_bytes=10**9,
                dump_bytes=10**9,
                backup_bytes=len(_DUMP),
                sha256="ab" * 32,
                part=_PART,
            )


def _seconds(environment: Mapping[str, str], arguments: list[str]) -> tuple[float, float]:
    began, before = time.monotonic(), os.times()
    command = [sys.executable, *python.running("snapper.cli", *arguments, "--json")]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE)
    wall, after = time.monotonic() - began, os.times()
    json.loads(done.stdout)
    used = after.children_user - before.children_user
    return wall, used + after.children_system - before.children_system


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["summarize", bucket]:
            summarize_once(bucket)
        case [*numbers, "plain"]:
            main(*map(float, numbers), plain=True)
        case numbers:
            main(*map(float, numbers))
