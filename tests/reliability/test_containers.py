"""Containers on the embedded cloud: a job has one, makes one backup, and none dies in silence."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.demo.pipeline import parsed
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.container import container_name
from snapper.values.job import Job, write_time
from snapper.values.options import BATCH, Options
from snapper.verbs.catalog import backups
from tests.support.cloud import eventually
from tests.support.databases import Source
from tests.support.deployments import bring_up
from tests.support.faults import faulted
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest
from tests.support.vaults import open_uploads

FAMILY = "containers: killed, told to end, or told twice"
NAME = "large"
WAITS = """
    SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 't'::regclass
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture(scope="module")
def large(
    cloud: Cloud, server: Callable[[int], PostgresServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageUnderTest]:
    """Give a stage with largeDatabases, whose functions have half a minute for a dump."""
    directory: Path = tmp_path_factory.mktemp(NAME)
    with LambdaHost(cloud, directory) as host:
        deployment = bring_up(cloud, host, NAME, largeDatabases="true", dumperTimeout="60")
        yield StageUnderTest(cloud, host, deployment, server, NAME)
        deployment.destroy()


@pytest.fixture
def source(large: StageUnderTest) -> Source:
    return large.source(18)


@pytest.fixture
def key(large: StageUnderTest, source: Source) -> Iterator[str]:
    """Give a database that is always dumped in a container."""
    key = f"orders-{source.name.rpartition(' ')[2]}"
    with large.database(key, source.dsn, options=Options(dump_in=BATCH)):
        yield key
    large.settle()


class Work:
    """One job of a stage, as it goes from the queue to a container."""

    def __init__(self, stage: StageUnderTest, key: str) -> None:
        self._stage, self._key = stage, key
        self.job = Job(key, datetime.now(UTC).replace(microsecond=0))
        self.send()

    def send(self) -> None:
        url = self._stage.deployment.outputs["queue_url"]
        self._stage.cloud.client("sqs").send_message(QueueUrl=url, MessageBody=self.job.to_json())

    def told(self, event: str) -> list[dict[str, Any]]:
        """Give what the dumper has logged of the job."""
        log = self._stage.host.logs(self._stage.deployment.outputs["dumper"])
        return [line for line in parsed(log) if self._is_of(line, event)]

    def _is_of(self, line: dict[str, Any], event: str) -> bool:
        wanted = (event, self._key, write_time(self.job.scheduled_at))
        return (line["message"], line.get("database"), line.get("scheduled_at")) == wanted

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Give the containers that there were for it, as Batch lists them."""
        batch = self._stage.cloud.client("batch")
        name = {"name": "JOB_NAME", "values": [container_name(self.job)]}
        answer = batch.list_jobs(jobQueue=f"snapper-{NAME}-large", filters=[name])
        return list(answer["jobSummaryList"])

    def is_dumping(self, source: Source) -> bool:
        """Tell whether a container's pg_dump waits for a table."""
        log = self._stage.host.containers.logs(container_name(self.job))
        return any(self._is_of(line, "dump.began") for line in parsed(log)) and bool(
            source.rows(WAITS)
        )

    def ended(self) -> str:
        """Wait until its container has ended, and give Batch's word for how."""
        eventually(lambda: self.containers and self.containers[0]["status"] in _ENDS)
        return str(self.containers[0]["status"])

    def made(self) -> int:
        return len(backups(self._stage.vault, self._key))


_ENDS = ("SUCCEEDED", "FAILED")


def dead_letters(stage: StageUnderTest) -> list[dict[str, Any]]:
    return list(stage.run_cli("failures", "--json").document["dead_letters"])


@pytest.mark.long
def test_a_job_that_is_delivered_again_and_again_has_one_container_and_makes_one_backup(
    large: StageUnderTest, source: Source, key: str
) -> None:
    with source.locked("t"):
        work = Work(large, key)
        eventually(lambda: work.is_dumping(source))
        status = large.run_cli("status", key, "--json").document["databases"][0]
        assert status["in_container"] == write_time(work.job.scheduled_at)
        work.send()
        eventually(lambda: len(work.told("dump.handed_over")) == 2)
    assert work.ended() == "SUCCEEDED"
    work.send()
    eventually(lambda: work.told("dump.skipped"))
    assert len(work.containers) == work.made() == 1
    assert large.run_cli("status", key, "--json").document["databases"][0]["in_container"] is None


def hollow(source: Source, size: int) -> None:
    """Let a database have so many bytes more, in a table without rows and in no place on disk."""
    source.run("CREATE TABLE hollow (n int); CHECKPOINT")
    ((path,),) = source.rows("SELECT pg_relation_filepath('hollow')")
    os.truncate(source.server.directory / "data" / str(path), size)


@pytest.mark.long
def test_a_database_whose_size_says_so_is_handed_over_before_it_is_dumped(
    large: StageUnderTest, source: Source
) -> None:
    hollow(source, 900_000_000)
    key = f"huge-{source.name.rpartition(' ')[2]}"
    with large.database(key, source.dsn):
        with source.locked("t"):
            work = Work(large, key)
            eventually(lambda: work.is_dumping(source))
            work.send()
            eventually(lambda: len(work.told("dump.handed_over")) == 2)
        assert work.told("dump.handed_over")[0]["reason"].startswith("0.9 GB take about 30 s")
        assert work.ended() == "SUCCEEDED"
        work.send()
        eventually(lambda: work.told("dump.skipped"))
        assert len(work.containers) == work.made() == 1
        assert work.told("dump.began") == []


@pytest.mark.long
def test_a_database_whose_last_backup_took_long_is_handed_over_before_it_is_dumped(
    large: StageUnderTest, source: Source
) -> None:
    key = f"slow-before-{source.name.rpartition(' ')[2]}"
    earlier = manifest(database=key, scheduled_at=datetime.now(UTC).replace(microsecond=0))
    with large.database(key, source.dsn):
        large.vault.put(earlier.dump_key, b"x" * earlier.backup_bytes)
        (stored,) = large.vault.list(earlier.dump_key)
        long_enough = stored.changed_at + timedelta(seconds=26)
        eventually(lambda: datetime.now(UTC) > long_enough)
        large.vault.put(earlier.key, earlier.to_json().encode())
        work = Work(large, key)
        (handed,) = eventually(lambda: work.told("dump.handed_over"))
        assert re.match(r"0\.0 GB take about (2[6-9]|[3-9][0-9]) s", handed["reason"])
        assert work.ended() == "SUCCEEDED"
        assert work.made() == 2
        assert work.told("dump.began") == []


@pytest.mark.long
def test_one_that_is_killed_is_among_the_dead_letters_and_can_be_tried_again(
    large: StageUnderTest, source: Source, key: str
) -> None:
    with faulted(FAMILY), source.locked("t"):
        work = Work(large, key)
        eventually(lambda: work.is_dumping(source))
        (child,) = large.host.containers._running.values()
        child.send_signal(signal.SIGKILL)
        assert work.ended() == "FAILED"
        (letter,) = eventually(lambda: dead_letters(large))
        assert (letter["kind"], letter["database"]) == ("job", key)
        assert letter["reason"].endswith("Essential container in task exited; exit status 137")
        assert work.made() == 0
    assert large.run_cli("retry", key).code == 0
    eventually(lambda: work.made() == 1)
    assert dead_letters(large) == []


@pytest.mark.long
def test_one_that_is_told_to_end_leaves_nothing_and_says_why(
    large: StageUnderTest, source: Source, key: str
) -> None:
    with faulted(FAMILY), source.locked("t"):
        work = Work(large, key)
        eventually(lambda: work.is_dumping(source))
        (container,) = work.containers
        large.cloud.client("batch").terminate_job(jobId=container["jobId"], reason="an operator")
        assert work.ended() == "FAILED"
        assert open_uploads(large.vault) == []
        assert list(large.vault.list(f"{key}/")) == []
        (letter,) = eventually(lambda: dead_letters(large))
        assert letter["reason"] == "the container was told to end before the dump was done"


@pytest.mark.long
def test_a_dump_for_which_a_function_has_no_time_any_more_goes_on_in_a_container(
    large: StageUnderTest, source: Source
) -> None:
    key = f"slow-{source.name.rpartition(' ')[2]}"
    with faulted(FAMILY), large.database(key, source.dsn):
        with source.locked("t"):
            work = Work(large, key)
            (handed,) = eventually(lambda: work.told("dump.handed_over"))
            assert handed["reason"] == "the dump was stopped 30 s before its time was over"
            eventually(lambda: work.is_dumping(source))
        assert work.ended() == "SUCCEEDED"
        assert work.made() == 1
        assert work.told("dump.failed") == []
        assert open_uploads(large.vault) == []
        assert dead_letters(large) == []


def test_an_operator_sees_a_job_go_from_the_queue_through_a_container_to_its_backup(
    large: StageUnderTest, key: str
) -> None:
    ran = large.run_cli("run", key, "--wait", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["jobs"][0]["state"] == "done"
    shown = large.run_cli("doctor", key)
    assert "what takes longer than a function may goes to a container" in " ".join(
        shown.out.split()
    )
