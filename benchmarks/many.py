"""A stage of very many databases on the embedded cloud: how long each thing takes.

    .venv/bin/python -m benchmarks.many 1000             # deploy, add, dispatch, look
    .venv/bin/python -m benchmarks.many 1000 --backups   # and wait until each has its backup

A fifth of the databases stands in Pulumi's config, the others are added as data. They are some
small databases of one server, each under many keys, and as many are dumped at once as the stage's
`maxConcurrency` says. S3 calls no pruner, and without --backups nobody takes the jobs: whatever
works on this machine meanwhile would be measured too.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from local.deployment.deploy import Deployment, deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.children import ROOT
from snapper.machine.run_directory import run_directory
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.values.settings import CONNECTIONS, RETENTIONS

STAGE = "many"
REAL = 20
"""Databases that there really are."""

CONFIGURED = 0.2


def main() -> None:
    """Measure, and print a line for each thing when it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", type=int)
    parser.add_argument("--backups", action="store_true", help="wait for all backups")
    parser.add_argument("--architecture", default="x86_64")
    chosen = parser.parse_args()
    with run_directory() as directory, PostgresServer(17, directory / "server") as server:
        rows = dict(_rows(server, chosen.databases))
        with Cloud.start(directory / "cloud") as cloud, LambdaHost(cloud, directory) as host:
            _measure(rows, cloud, host, directory, chosen)


def _measure(
    rows: Mapping[str, str],
    cloud: Cloud,
    host: LambdaHost,
    directory: Path,
    chosen: argparse.Namespace,
) -> None:
    first = dict(list(rows.items())[: max(1, round(len(rows) * CONFIGURED))])
    config = {
        **_secrets(first),
        "architecture": chosen.architecture,
        "maxPerServer": "100",
        "deleteBackupsOnDestroy": "true",
    }
    with _timed(f"deploy, {len(first)} databases in the config"):
        deployment = deploy(cloud, host, ROOT, STAGE, config)
    bucket = deployment.outputs["bucket"]
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={}
    )
    if not chosen.backups:
        kind = "aws:lambda/eventSourceMapping:EventSourceMapping"
        for each in deployment.of_type(kind):
            cloud.client("lambda").update_event_source_mapping(UUID=each.identifier, Enabled=False)
    more = {key: dsn for key, dsn in rows.items() if key not in first}
    file = directory / "rows"
    file.write_text("".join(f"{name}={value}\n" for name, value in _secrets(more).items()))
    with _timed(f"databases add, {len(more)} of them"):
        _cli(cloud, "databases", "add", "--file", str(file))
    with _timed("databases add, one more in place of itself"):
        file.write_text(
            "".join(f"{n}={v}\n" for n, v in _secrets(dict([*more.items()][:1])).items())
        )
        _cli(cloud, "databases", "add", "--file", str(file))
    began = time.monotonic()
    with _timed("dispatch"):
        queued = _fire(cloud, deployment)
    print(f"{'jobs queued':<50}{queued:>10}", flush=True)
    if chosen.backups:
        made = 0
        while made < len(rows):
            time.sleep(1)
            made = _made(cloud, bucket)
            print(f"\r{made} backups", end="", file=sys.stderr, flush=True)
        print(f"{'all backups':<50}{time.monotonic() - began:>9.1f}s", flush=True)
    for command in (["status"], ["list"], ["databases"]):
        with _timed(" ".join(command)):
            _cli(cloud, *command, "--json")


def _rows(server: PostgresServer, count: int) -> Iterator[tuple[str, str]]:
    connection = Connection.parse(server.dsn())
    with asking(connection, redactor(server.dsn())) as cursor:
        for number in range(REAL):
            cursor.execute(f"CREATE DATABASE small_{number}")
    for number in range(count):
        yield f"DB-{number:05}", server.dsn(f"small_{number % REAL}")


def _secrets(rows: Mapping[str, str]) -> dict[str, str]:
    return {
        CONNECTIONS: "|".join(f"{key},{dsn},POSTGRES" for key, dsn in rows.items()),
        RETENTIONS: "|".join(f"{key},7" for key in rows),
    }


def _fire(cloud: Cloud, deployment: Deployment) -> int:
    event = {"time": write_time(datetime.now(UTC)), "resources": []}
    answer = cloud.client("lambda").invoke(
        FunctionName=deployment.outputs["dispatcher"], Payload=json.dumps(event)
    )
    told = json.loads(answer["Payload"].read())
    if "queued" not in told:
        raise SystemExit(f"the dispatcher failed: {told}")
    return int(told["queued"])


def _made(cloud: Cloud, bucket: str) -> int:
    pages = cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(
        each["Key"].endswith(Kind.MANIFEST) for page in pages for each in page.get("Contents", ())
    )


def _cli(cloud: Cloud, *arguments: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "snapper.cli", *arguments, "--stage", STAGE],
        env={**os.environ, **cloud.environment()},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if ran.returncode not in (0, 1):
        raise SystemExit(ran.returncode)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what:<50}{time.monotonic() - began:>9.1f}s", flush=True)


if __name__ == "__main__":
    main()
