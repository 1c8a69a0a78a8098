"""`snapper failures` and `snapper retry`: what failed too often, why, and the way back."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, object_key
from snapper.values.options import Options
from snapper.values.timetable import mark_of
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.events import made
from tests.support.manifests import NOON
from tests.support.stage import StageUnderTest, wait_until

NOWHERE = "postgresql://nobody:hush@127.0.0.1:1/none"
EVENT = json.dumps(
    {
        "requestPayload": {"time": write_time(AT)},
        "responsePayload": {"errorType": "AwsFailed", "errorMessage": "sqs:SendMessage failed"},
    }
)


def unpruned(key: str) -> str:
    """What Lambda writes of a backup after which the pruner failed to the end."""
    manifest = object_key(key, AT, Kind.MANIFEST)
    return json.dumps(
        {
            "requestPayload": made("whatever", manifest),
            "responsePayload": {"errorType": "AwsFailed", "errorMessage": "s3:DeleteObject failed"},
        }
    )


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    stage.settle()
    with stage.database("again", stage.source(18).dsn) as added:
        yield added
    stage.settle()


def letters(stage: StageUnderTest) -> list[dict[str, str]]:
    found: list[dict[str, str]] = stage.run_cli("failures", "--json").document["dead_letters"]
    return found


def backups(stage: StageUnderTest, key: str) -> list[str]:
    found = stage.run_cli("list", key, "--json").document["databases"][key]
    return [each["taken_at"] for each in found]


def test_no_failures_leave_stdout_to_programs(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("failures")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"there are no dead letters in stage {stage.name}\n"
    assert letters(stage) == []
    assert stage.run_cli("retry").err == f"there is nothing to retry in stage {stage.name}\n"
    assert stage.run_cli("retry", "--json").document["retried"] == []


def test_a_failed_job_has_the_reason_of_its_last_attempt(stage: StageUnderTest, key: str) -> None:
    with stage.database("unreachable", NOWHERE) as broken:
        (job,) = stage.run_cli("run", broken, "--wait", "--json").document["jobs"]
        sent = {"version": 1, "database": broken, "scheduled_at": job["scheduled_at"]}
        stage.post_dead_letter(json.dumps(sent))
        (letter,) = letters(stage)
        assert (letter["kind"], letter["database"]) == ("job", broken)
        assert letter["scheduled_at"] == job["scheduled_at"]
        assert "127.0.0.1" in letter["reason"]
        assert letter["failed_at"]
        ran = stage.run_cli("failures")
        assert letter["reason"] in ran.lines[1]
        assert "hush" not in ran.out


def test_looking_does_not_hide_them_from_the_next_look(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(Job(key, AT).to_json())
    assert len(letters(stage)) == len(letters(stage)) == 1


def test_an_event_and_a_foreign_message_are_told_apart(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(EVENT)
    stage.post_dead_letter("postgresql://me:hush@somewhere/else")
    kinds = {letter["kind"]: letter for letter in letters(stage)}
    assert kinds.keys() == {"event", "foreign"}
    assert kinds["event"]["reason"] == "sqs:SendMessage failed"
    ran = stage.run_cli("failures")
    assert "(every database)" in ran.out
    assert "neither a job nor an event" in ran.out
    assert "hush" not in ran.out


def test_a_dry_run_moves_nothing(stage: StageUnderTest, key: str) -> None:
    before = backups(stage, key)
    stage.post_dead_letter(Job(key, AT).to_json())
    ran = stage.run_cli("retry", "--dry-run")
    assert ran.code == 0
    assert f"{key}     {write_time(AT)}  would be queued again" in ran.lines
    assert len(letters(stage)) == 1
    assert backups(stage, key) == before


def test_a_job_goes_back_and_makes_its_backup(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(Job(key, AT).to_json())
    ran = stage.run_cli("retry", key, "--json")
    assert ran.document["dry_run"] is False
    assert [each["database"] for each in ran.document["retried"]] == [key]
    wait_until(lambda: backups(stage, key) == [write_time(AT)])
    assert letters(stage) == []


def test_a_job_that_comes_back_twice_makes_one_backup(stage: StageUnderTest, key: str) -> None:
    for _ in range(2):
        stage.post_dead_letter(Job(key, AT).to_json())
        assert len(stage.run_cli("retry", "--json").document["retried"]) == 1
        # One after the other: of two at once, one may be left for its next attempt, hours later.
        wait_until(lambda: stage.run_cli("status", "--json").document["jobs_waiting"] == 0)
        assert backups(stage, key) == [write_time(AT)]


def test_only_the_named_database_goes_back(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(Job(key, AT).to_json())
    stage.post_dead_letter(Job("other", AT).to_json())
    stage.post_dead_letter(EVENT)
    stage.run_cli("retry", key)
    assert sorted(letter["kind"] for letter in letters(stage)) == ["event", "job"]


def test_a_database_without_a_dead_letter_is_told(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(Job(key, AT).to_json())
    ran = stage.run_cli("retry", key, "other")
    assert (ran.code, ran.out) == (2, "")
    assert "no dead letter of other, and no such database in the stage" in ran.err
    assert "sensors, shop" in ran.err
    ran = stage.run_cli("retry", "shop")
    assert (ran.code, ran.out) == (2, "")
    assert "no dead letter of shop\n" in ran.err
    assert len(letters(stage)) == 1


@pytest.mark.long
def test_an_event_fires_again_and_every_database_is_backed_up(
    stage: StageUnderTest, key: str
) -> None:
    stage.post_dead_letter(EVENT)
    ran = stage.run_cli("retry")
    assert "is fired again" in ran.lines[1]
    keys = (key, "shop", "sensors")
    wait_until(lambda: all(write_time(AT) in backups(stage, each) for each in keys))
    assert letters(stage) == []


@pytest.mark.long
def test_an_event_fires_again_for_the_databases_of_its_schedule_alone(
    stage: StageUnderTest, key: str
) -> None:
    hourly = Options(schedule="rate(1 hour)")
    rule = "arn:aws:events:us-east-1:000000000000:rule/snapper-tried-schedule"
    fired = {
        "time": write_time(AT + timedelta(hours=1)),
        "resources": [f"{rule}_{mark_of(hourly.schedule)}"],
    }
    with stage.database("hourly", stage.source(18).dsn, options=hourly):
        stage.post_dead_letter(json.dumps({"requestPayload": fired}))
        assert "is fired again" in stage.run_cli("retry").lines[1]
        wait_until(lambda: fired["time"] in backups(stage, "hourly"))
        log = stage.host.logs(stage.deployment.outputs["dispatcher"])
        queued = [line for line in log if "job.queued" in line and str(fired["time"]) in line]
        assert [json.loads(line)["database"] for line in queued] == ["hourly"]


def test_a_prune_that_failed_is_of_its_database_and_is_tried_again(
    stage: StageUnderTest, key: str
) -> None:
    for number in range(4):
        store(stage.vault, days(-number), key)
    stage.post_dead_letter(unpruned(key))
    (letter,) = letters(stage)
    assert (letter["kind"], letter["database"]) == ("prune", key)
    assert (letter["scheduled_at"], letter["reason"]) == (write_time(AT), "s3:DeleteObject failed")
    assert "not pruned: s3:DeleteObject failed" in stage.run_cli("failures", key).lines[1]
    (state,) = stage.run_cli("status", key, "--json").document["databases"]
    assert "failed" in state["problems"]
    assert "is fired again" in stage.run_cli("retry", key).lines[1]
    wait_until(lambda: len(backups(stage, key)) == 3)
    assert letters(stage) == []


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        {"Records": "orders"},
        {"Records": [{"s3": {"object": {"key": 5}}}]},
        made("vault", "../orders/2026-11-23T03-00-00Z.manifest.json"),
        made("vault", "orders/2026-11-23T03-00-00Z.sql.gz"),
    ],
)
def test_what_only_looks_like_a_failed_prune_is_foreign(
    event: object, stage: StageUnderTest, key: str
) -> None:
    stage.post_dead_letter(json.dumps({"requestPayload": event}))
    (letter,) = letters(stage)
    assert letter["kind"] == "foreign"


def test_what_is_not_ours_stays(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter("hm")
    assert stage.run_cli("retry", "--json").document["retried"] == []
    assert len(letters(stage)) == 1


def test_many_letters_are_all_there(stage: StageUnderTest, key: str) -> None:
    for second in range(23):
        stage.post_dead_letter(Job("many", NOON.replace(second=second)).to_json())
    assert len(letters(stage)) == 23
    assert len(letters(stage)) == 23


def test_those_of_one_database_are_shown_alone(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(Job(key, AT).to_json())
    stage.post_dead_letter(Job("shop", AT).to_json())
    stage.post_dead_letter(EVENT)
    shown = stage.run_cli("failures", key, "--json").document["dead_letters"]
    assert [each["database"] for each in shown] == [key]
    (event,) = stage.run_cli("failures", "--undispatched", "--json").document["dead_letters"]
    assert event["kind"] == "event"
    ran = stage.run_cli("failures", "sensors")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"there are no dead letters of sensors in stage {stage.name}\n"


def test_a_database_that_nobody_knows_is_no_good_news(stage: StageUnderTest, key: str) -> None:
    for command in (["failures", "shap"], ["failures", "--discard", "shap"], ["retry", "shap"]):
        ran = stage.run_cli(*command)
        assert (ran.code, ran.out) == (2, "")
        assert "shap" in ran.err
        assert "sensors, shop" in ran.err


def test_what_is_discarded_is_named_and_gone(stage: StageUnderTest, key: str) -> None:
    for body in (Job(key, AT).to_json(), Job("shop", AT).to_json(), EVENT, "hm"):
        stage.post_dead_letter(body)
    dry = stage.run_cli("failures", "--discard", key, "--dry-run")
    assert "would be discarded: " in dry.lines[1]
    assert len(letters(stage)) == 4
    gone = stage.run_cli("failures", "--discard", key, "--json").document
    assert gone["dry_run"] is False
    assert [each["database"] for each in gone["discarded"]] == [key]
    assert len(letters(stage)) == 3
    assert stage.run_cli("failures", "--discard", "--undispatched", "--foreign").code == 0
    (left,) = letters(stage)
    assert left["database"] == "shop"
    assert backups(stage, key) == []


def test_nothing_is_discarded_that_was_not_named(stage: StageUnderTest, key: str) -> None:
    stage.post_dead_letter(Job(key, AT).to_json())
    for command in (["failures", "--discard"], ["failures", "--discard", "shop"]):
        assert stage.run_cli(*command).code == 2
    assert stage.run_cli("failures", "--dry-run").code == 2
    assert len(letters(stage)) == 1
