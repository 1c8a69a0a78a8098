"""Every command beside a backup that is stamped later than now: shown as such, never believed."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from snapper.values.clock import AHEAD
from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest, wait_until

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
_NUMBERS = itertools.count(1)
FAR = datetime(9998, 1, 1, tzinfo=UTC)


def put(stage: StageUnderTest, key: str, at: datetime) -> Manifest:
    made = manifest(database=key, scheduled_at=at, backup_bytes=99)
    stage.put_backup(made)
    return made


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    """A database of which somebody has forged a backup of the far future."""
    stage.settle()
    with stage.database(f"early-{next(_NUMBERS)}", NOWHERE, retention=1) as added:
        put(stage, added, FAR)
        yield added
    stage.settle()


@pytest.fixture
def true(stage: StageUnderTest, key: str) -> datetime:
    """Its only true backup."""
    at = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)
    put(stage, key, at)
    return at


def test_list_shows_it_as_such(stage: StageUnderTest, key: str, true: datetime) -> None:
    ran = stage.run_cli("list", key)
    assert ran.code == 0
    assert ran.lines[1].endswith(AHEAD.upper())
    found = stage.run_cli("list", key, "--json").document["databases"][key]
    assert [(each["taken_at"], each["ahead"]) for each in found] == [
        (write_time(FAR), True),
        (write_time(true), False),
    ]


def test_status_takes_it_for_no_proof(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("status", key, "--json")
    (found,) = ran.document["databases"]
    assert (ran.code, found["problems"]) == (1, ["no backup", AHEAD])
    assert (found["newest"], found["backups"], found["ahead"]) == (None, 1, 1)
    table = stage.run_cli("status", key)
    assert "NO BACKUP, STAMPED LATER THAN NOW" in table.out
    assert f"the backup of {key} at {write_time(FAR)} is {AHEAD}" in table.out


def test_status_judges_the_true_one(stage: StageUnderTest, key: str, true: datetime) -> None:
    (found,) = stage.run_cli("status", key, "--json").document["databases"]
    assert (found["problems"], found["damaged"]) == ([AHEAD], 0)
    assert found["newest"]["taken_at"] == write_time(true)


def test_prune_never_counts_it(stage: StageUnderTest, key: str, true: datetime) -> None:
    for options in (("--dry-run",), ()):
        found = stage.run_cli("prune", key, "--json", *options).document["databases"][key]
        assert [(each["keep"], each["ahead"], each["reason"]) for each in found] == [
            (True, True, f"{AHEAD}, never counted"),
            (True, False, "number 1 of the 1 to keep"),
        ]
    assert object_key(key, true, Kind.DUMP) in {each.key for each in stage.vault.list(f"{key}/")}


@pytest.mark.parametrize("at", ["latest", "9999-12-31"])
def test_it_is_never_the_latest(stage: StageUnderTest, key: str, true: datetime, at: str) -> None:
    ran = stage.run_cli("download", key, "--at", at, "--output", "-")
    # The true one is of a few bytes of nothing: that it is read at all is what is asked here.
    assert object_key(key, true, Kind.DUMP) in ran.err
    assert f"passed over the backup of {key} at {write_time(FAR)}: it is {AHEAD}" in ran.err
    (found,) = stage.run_cli("verify", key, "--at", at, "--json").document["backups"]
    assert found["manifest"]["scheduled_at"] == write_time(true)


@pytest.mark.parametrize("command", ["restore", "download", "verify"])
def test_where_there_is_no_other_there_is_none(
    stage: StageUnderTest, key: str, command: str
) -> None:
    more = {"restore": ("--to", NOWHERE), "download": ("--output", "-")}.get(command, ())
    assert stage.run_cli(command, key, *more).code == 3


def test_a_job_of_the_far_future_is_refused_aloud(
    stage: StageUnderTest, key: str, true: datetime
) -> None:
    before = {each.key for each in stage.vault.list(f"{key}/")}
    job = Job(key, datetime.now(UTC).replace(microsecond=0) + timedelta(days=1))
    stage.cloud.client("sqs").send_message(
        QueueUrl=stage.deployment.outputs["queue_url"], MessageBody=job.to_json()
    )
    wait_until(lambda: "the job is for" in stage.run_cli("status", key).out)
    assert {each.key for each in stage.vault.list(f"{key}/")} == before
    (found,) = stage.run_cli("status", key, "--json").document["databases"]
    assert found["problems"] == ["failing", AHEAD]
