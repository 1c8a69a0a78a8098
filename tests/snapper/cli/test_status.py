"""`snapper status`: every state a database can be in, and the exit code of a health check."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, object_key
from snapper.values.verification import Verification
from snapper.verbs.verify import record
from tests.support.manifests import LACKING, NOON, manifest
from tests.support.stage import StageUnderTest, wait_until

NOWHERE = "postgresql://nobody:hush@127.0.0.1:1/none"
_NUMBERS = itertools.count(1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    """A database that has no backup yet and cannot be reached."""
    stage.settle()
    with stage.database(f"judged-{next(_NUMBERS)}", NOWHERE) as added:
        yield added
    stage.settle()


def put(stage: StageUnderTest, key: str, age: timedelta, size: int = 1000) -> datetime:
    at = (datetime.now(UTC) - age).replace(microsecond=0)
    stage.put_backup(manifest(database=key, scheduled_at=at, backup_bytes=size))
    return at


def status(stage: StageUnderTest, key: str) -> dict[str, Any]:
    """What is said of one database, the same way in both forms."""
    ran, table = stage.run_cli("status", "--json"), stage.run_cli("status")
    (found,) = (each for each in ran.document["databases"] if each["database"] == key)
    (line,) = (line for line in table.lines if line.startswith(f"{key} ") and " failed" not in line)
    assert (", ".join(found["problems"]).upper() or "ok") in line
    assert ran.document["healthy"] is (ran.code == 0)
    assert ran.code == table.code
    if found["problems"]:
        assert ran.code == 1
    return dict(found)


def test_all_is_well(stage: StageUnderTest) -> None:
    stage.settle()
    for sample in ("shop", "sensors"):
        put(stage, sample, timedelta(minutes=1))
    ran = stage.run_cli("status")
    assert ran.code == 0, ran.out
    assert "schedule rate(1 day)" in ran.lines
    assert "0 jobs waiting or running, 0 dead letters" in ran.lines
    document = stage.run_cli("status", "--json").document
    assert document["healthy"] is True
    assert document["schedule"] == "rate(1 day)"
    assert document["next_run"] is None
    assert document["jobs_waiting"] == document["dead_letters"] == document["undispatched"] == 0
    assert [each["problems"] for each in document["databases"]] == [[], []]


def test_a_fresh_backup_is_ok(stage: StageUnderTest, key: str) -> None:
    at = put(stage, key, HOUR)
    found = status(stage, key)
    assert found["problems"] == []
    assert (found["backups"], found["retention"]) == (1, 3)
    assert found["newest"]["taken_at"] == write_time(at)
    assert found["usual_bytes"] is None


def test_no_backup(stage: StageUnderTest, key: str) -> None:
    found = status(stage, key)
    assert found["problems"] == ["no backup"]
    assert found["newest"] is None


def test_late(stage: StageUnderTest, key: str) -> None:
    put(stage, key, 1.5 * DAY + HOUR)
    assert status(stage, key)["problems"] == ["late"]


def test_shrunk(stage: StageUnderTest, key: str) -> None:
    put(stage, key, 2 * HOUR, 1000)
    put(stage, key, HOUR, 400)
    found = status(stage, key)
    assert found["problems"] == ["shrunk"]
    assert (found["stored_bytes"], found["usual_bytes"]) == (400, 1000)


def test_damaged_when_object_and_manifest_disagree(stage: StageUnderTest, key: str) -> None:
    at = put(stage, key, HOUR)
    stage.vault.put(object_key(key, at, Kind.DUMP), b"short")
    assert status(stage, key)["problems"] == ["no backup", "damaged"]


def test_damaged_when_a_verdict_says_so(stage: StageUnderTest, key: str) -> None:
    at = put(stage, key, HOUR)
    verdict = Verification(NOON, "ab" * 32, sound=False, reason="one bit is flipped")
    record(stage.vault, key, at, verdict)
    assert status(stage, key)["problems"] == ["no backup", "damaged"]
    (line,) = (each for each in stage.run_cli("status").lines if each.startswith(key))
    assert "DAMAGED: one bit is flipped" in line


def test_damage_is_not_counted_and_the_good_one_before_it_is_the_newest(
    stage: StageUnderTest, key: str
) -> None:
    good = put(stage, key, 3 * HOUR)
    at = put(stage, key, HOUR)
    record(stage.vault, key, at, Verification(NOON, "ab" * 32, sound=False, reason="a flipped bit"))
    found = status(stage, key)
    assert (found["backups"], found["damaged"], found["problems"]) == (2, 1, ["damaged"])
    assert found["newest"]["taken_at"] == write_time(good)
    ran = stage.run_cli("status")
    (line,) = (each for each in ran.lines if each.startswith(key))
    assert "1 of 3, 1 damaged" in line
    assert f"the backup of {key} at {write_time(at)} is DAMAGED: a flipped bit" in ran.out


def test_failing_until_a_later_backup_is_made(stage: StageUnderTest, key: str) -> None:
    put(stage, key, HOUR)
    assert stage.run_cli("run", key).code == 0
    wait_until(lambda: f"{key} failed at " in stage.run_cli("status").out)
    found = status(stage, key)
    assert found["problems"] == ["failing"]
    assert "127.0.0.1" in found["failure"]["reason"]
    human = stage.run_cli("status")
    assert any(line.startswith(f"{key} failed at ") for line in human.lines)
    assert "hush" not in human.out + json.dumps(found)
    put(stage, key, -timedelta(seconds=1))
    assert status(stage, key)["problems"] == []


def test_jobs_that_wait_are_counted(stage: StageUnderTest, key: str) -> None:
    put(stage, key, HOUR)
    before = stage.run_cli("status", "--json").document["jobs_waiting"]
    stage.run_cli("run", key)
    # It fails, and waits in the queue for its next attempt.
    waiting = stage.run_cli("status", "--json").document["jobs_waiting"]
    assert waiting == before + 1


def test_dead_letters_are_counted_and_stay(stage: StageUnderTest, key: str) -> None:
    put(stage, key, HOUR)
    stage.post_dead_letter(Job(key, NOON).to_json())
    for _ in range(2):
        found = status(stage, key)
        assert found["dead_letters"] == 1
        assert found["problems"] == ["failed"]
    assert "1 dead letter" in stage.run_cli("status").out


def test_any_dead_letter_is_not_healthy_for_its_alarm_is_on(
    stage: StageUnderTest, key: str
) -> None:
    for each in (key, "shop", "sensors"):
        put(stage, each, HOUR)
    assert stage.run_cli("status").code == 0
    stage.post_dead_letter("hm")
    ran = stage.run_cli("status")
    assert ran.code == 1
    assert "failures --discard" in ran.out
    stage.forget_samples()


def test_a_dead_letter_that_somebody_hides_is_counted_all_the_same(
    stage: StageUnderTest, key: str
) -> None:
    for each in (key, "shop", "sensors"):
        put(stage, each, HOUR)
    stage.post_dead_letter(Job("shop", NOON).to_json())
    sqs, url = stage.cloud.client("sqs"), stage.deployment.outputs["dead_letter_url"]
    hidden = sqs.receive_message(QueueUrl=url, VisibilityTimeout=12 * 3600)["Messages"]
    assert len(hidden) == 1
    for arguments in ((), (key,)):  # it may be of any database
        ran = stage.run_cli("status", *arguments)
        assert ran.code == 1
        assert "1 dead letter" in ran.out
        assert "1 of them cannot be read now: somebody else reads or hides them" in ran.out
        document = stage.run_cli("status", *arguments, "--json").document
        assert (document["dead_letters"], document["dead_letters_unread"]) == (1, 1)
    stage.forget_samples()


def test_an_event_that_was_never_dispatched_is_not_healthy(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(json.dumps({"requestPayload": {"time": "2026-11-23T03:00:00Z"}}))
    ran = stage.run_cli("status")
    assert ran.code == 1
    assert "1 scheduled event never became jobs" in ran.out
    assert stage.run_cli("status", "--json").document["undispatched"] == 1


def test_what_the_newest_backup_lacks_is_told_and_fails_nothing(
    stage: StageUnderTest, key: str
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    stage.put_backup(manifest(database=key, scheduled_at=now, omitted=LACKING))
    ran = stage.run_cli("status", key)
    assert ran.code == 0
    (line,) = (line for line in ran.lines if line.startswith(f"{key}: "))
    assert line.startswith(f"{key}: not in the backup: the rows of foreign tables: public.far, ")
    assert line.endswith("-> back up what they lie in")
    assert "\x1b" not in ran.out
    (found,) = stage.run_cli("status", key, "--json").document["databases"]
    assert found["newest"]["manifest"]["omitted"][0]["count"] == 2
