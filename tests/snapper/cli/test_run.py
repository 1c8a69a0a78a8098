"""`snapper run`: a backup now, followed to its end where somebody waits for it."""

import itertools
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, tzinfo
from typing import Any

import psycopg2
import pytest

from snapper.aws.logs import LogEvent
from snapper.errors import DatabaseUnreachable
from snapper.verbs import run
from tests.support.busy import busy
from tests.support.cloud import LONGEST
from tests.support.stage import StageUnderTest, wait_until

NOWHERE = "postgresql://nobody:hush@127.0.0.1:1/none"

_NUMBERS = itertools.count(1)


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    # A job that nobody waited for may end when the next test is under way already.
    with stage.database(f"now-{next(_NUMBERS)}", stage.source(14).dsn) as added:
        yield added
    stage.settle()


def listed(stage: StageUnderTest, key: str) -> list[str]:
    found = stage.run_cli("list", key, "--json").document["databases"][key]
    return [backup["taken_at"] for backup in found]


def test_without_wait_it_ends_when_the_job_is_queued(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("run", key, "--json")
    assert ran.code == 0
    (job,) = ran.document["jobs"]
    assert (job["database"], job["state"], job["manifest"], job["error"]) == (
        key, "queued", None, None,
    )  # fmt: skip
    wait_until(lambda: listed(stage, key) == [job["scheduled_at"]])


def test_with_wait_it_ends_with_the_backup(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("run", key, "--wait")
    assert ran.code == 0
    (line,) = ran.lines[1:]
    assert line.startswith(f"{key:<10}20")
    assert f"done: {key}/" in line
    assert f"{key}: queued\n" in ran.err
    assert len(listed(stage, key)) == 1


def test_with_wait_and_json_the_manifest_is_in_the_document(
    stage: StageUnderTest, key: str
) -> None:
    (job,) = stage.run_cli("run", key, "--wait", "--json").document["jobs"]
    assert job["state"] == "done"
    assert job["manifest"]["object"].startswith(f"{key}/")


def test_a_database_named_twice_is_backed_up_once(stage: StageUnderTest, key: str) -> None:
    assert len(stage.run_cli("run", key, key, "--json").document["jobs"]) == 1


def test_an_unknown_database_queues_nothing_at_all(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("run", key, "nope", "--wait")
    assert (ran.code, ran.out) == (2, "")
    assert "no database nope" in ran.err
    assert key in ran.err
    assert listed(stage, key) == []


def test_a_failing_database_is_told_with_its_reason_and_exit_code(
    stage: StageUnderTest, key: str
) -> None:
    with stage.database("unreachable", NOWHERE) as broken:
        ran = stage.run_cli("run", key, broken, "--wait", "--json")
        assert ran.code == DatabaseUnreachable.exit_code
        good, bad = ran.document["jobs"]
        assert (good["state"], bad["state"]) == ("done", "failed")
        assert "127.0.0.1" in bad["error"]
        assert "hush" not in ran.out + ran.err
        human = stage.run_cli("run", broken, "--wait")
        assert human.code == DatabaseUnreachable.exit_code
        assert "FAILED: the backup of unreachable failed: " in human.lines[1]
        assert "-> tried again in 2 min (2 of 5)" in human.lines[1]


def test_patience_without_waiting_is_refused(stage: StageUnderTest) -> None:
    ran = stage.run_cli("run", "--patience", "5")
    assert ran.code == 2
    assert "--patience is for --wait" in ran.err


@pytest.mark.long
def test_who_runs_out_of_patience_is_told_that_the_job_goes_on(
    stage: StageUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = stage.source(18)
    seen: list[str] = []

    def watch(*arguments: Any) -> Iterator[LogEvent]:
        for event in events_of(*arguments):
            seen.append(event.name)
            yield event

    class Clock(datetime):
        """Jumps ahead once the dump is under way."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(hours="dump.began" in seen)

    events_of = run._events_of
    monkeypatch.setattr(run, "_events_of", watch)
    monkeypatch.setattr(run, "datetime", Clock)
    with stage.database("slow", source.dsn) as slow:
        with closing(psycopg2.connect(source.dsn)) as link:
            link.cursor().execute("LOCK TABLE t")
            ran = stage.run_cli("run", slow, "--wait", "--patience", "30", "--json")
        assert ran.code == 10
        (job,) = ran.document["jobs"]
        assert job["state"] == "in progress"
        assert "not made after 30 minutes" in job["error"]
        wait_until(lambda: listed(stage, slow) == [job["scheduled_at"]])


def test_a_job_that_waits_for_its_server_is_told_of_and_counted(stage: StageUnderTest) -> None:
    source = stage.source(14)
    with stage.database("waits", source.dsn) as key:
        with busy(source.dsn):
            following = stage.start_cli("run", key, "--wait")
            assert following.stderr
            assert following.stderr.readline() == f"{key}: queued\n"
            assert "waits, since its server is dumped" in following.stderr.readline()
            # The one that came and the one for later are both there until the dumper has answered.
            wait_until(lambda: stage.run_cli("status", key, "--json").document["jobs_waiting"] == 1)
            following.send_signal(signal.SIGINT)
            following.communicate(timeout=LONGEST)
        stage.settle()


def test_an_interrupted_wait_leaves_the_jobs_alone(stage: StageUnderTest) -> None:
    source = stage.source(18)
    with stage.database("slow", source.dsn) as slow:
        with closing(psycopg2.connect(source.dsn)) as link:
            link.cursor().execute("LOCK TABLE t")
            following = stage.start_cli("run", slow, "--wait")
            assert following.stderr
            assert following.stderr.readline() == f"{slow}: queued\n"
            following.send_signal(signal.SIGINT)
            out, err = following.communicate(timeout=LONGEST)
        assert following.returncode == 130
        assert out == ""
        assert "the jobs go on" in err
        wait_until(lambda: len(listed(stage, slow)) == 1)
