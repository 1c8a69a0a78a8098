"""How long `list` and `status` take on the embedded cloud, of all databases and of one.

    .venv/bin/python -m benchmarks.catalogue [databases] [backups] [rounds]

The stage is deployed as ever; its backups are made up: a dump of some bytes, and its manifest. The
seconds are those of the whole command, from its start, and what of them the command line itself
took of a processor; the rest is the emulator's, which shares the machine.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median

from local.deployment.deploy import deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.vault import Vault
from snapper.machine import python
from snapper.machine.children import ROOT
from snapper.machine.run_directory import run_directory
from snapper.values.manifest import Manifest

STAGE = "many"
_DUMP = b"x" * 200
_AT_ONCE = 8
_PART = {"encoding": "UTF8", "pg_dump_version": "17.2", "roles": ["app", "reporting"]}


def main(databases: float = 100, backups: float = 30, rounds: float = 3) -> None:
    """Deploy, fill, and print the medians."""
    keys = [f"DB{number:04}" for number in range(int(databases))]
    with (
        run_directory() as directory,
        Cloud.start(directory) as cloud,
        LambdaHost(cloud, directory) as host,
    ):
        bucket = deploy(cloud, host, ROOT, STAGE, _config(keys, int(backups))).outputs["bucket"]
        environment = {**os.environ, **cloud.environment(), "SNAPPER_STAGE": STAGE}
        _fill(Vault(bucket, cloud.client("s3")), keys, int(backups))
        print(f"{len(keys):,} databases with {int(backups)} backups each", flush=True)
        for arguments in (["list"], ["status"], ["list", keys[0]], ["status", keys[0]]):
            found = [_seconds(environment, arguments) for _ in range(int(rounds))]
            wall, own = (median(each) for each in zip(*found, strict=True))
            print(f"{' '.join(arguments)}: {wall:.2f} s, {own:.2f} CPU s of ours", flush=True)


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
    main(*map(float, sys.argv[1:]))
