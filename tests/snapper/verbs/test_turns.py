"""A job whose server is busy comes again by itself, without a try of it being used up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from snapper.aws.queue import JobQueue
from snapper.errors import AwsFailed
from snapper.values.job import Job
from snapper.values.settings import DumperSettings
from snapper.verbs.back_up import back_up
from snapper.verbs.dump import Dumper
from snapper.verbs.turns import LONG, Turns
from tests.support.busy import busy, dumps_on
from tests.support.cloud import eventually
from tests.support.databases import AT, Source, job
from tests.support.parameters import OneDatabase
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys


class Queue(JobQueue):
    """Takes jobs for later, or fails as AWS does."""

    def __init__(self) -> None:
        self.sent: list[tuple[Job, timedelta]] = []
        self.failure: AwsFailed | None = None

    def put_off(self, job: Any, pause: timedelta) -> None:
        if self.failure:
            raise self.failure
        self.sent.append((job, pause))


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def limited(dumper: Dumper, queue: Queue) -> Dumper:
    """Give a dumper that is one of two on a server, just after the job's time."""
    turns = Turns(2, queue, lambda: 0.5)
    return replace(dumper, turns=turns, now=lambda: AT + timedelta(minutes=1))


def test_where_nobody_else_dumps_the_server_a_backup_is_made(
    source: Callable[..., Source], limited: Dumper, queue: Queue
) -> None:
    made = source()
    back_up(job(), OneDatabase(made.database()), limited)
    assert keys(limited.vault)
    assert queue.sent == []
    eventually(lambda: not dumps_on(made.dsn))


def test_a_job_that_must_wait_is_sent_again_for_later_and_has_not_failed(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
) -> None:
    made = source()
    with busy(made.dsn):
        back_up(job(), OneDatabase(made.database()), limited)
    assert keys(limited.vault) == []
    assert queue.sent == [(job(), timedelta(seconds=90))]
    assert events.names() == ["dump.waits"]
    told = events.fields("dump.waits")
    assert (told["database"], told["seconds"]) == ("orders", 90.0)
    assert "2 dumps are under way" in str(told["reason"])


def test_it_is_made_when_one_of_the_others_has_ended(
    source: Callable[..., Source], limited: Dumper, queue: Queue
) -> None:
    made = source()
    with busy(made.dsn, 1):
        with busy(made.dsn, 1):
            back_up(job(), OneDatabase(made.database()), limited)
        eventually(lambda: dumps_on(made.dsn) == 1)
        ((again, _),) = queue.sent
        back_up(again, OneDatabase(made.database()), limited)
    assert keys(limited.vault)


def test_a_second_delivery_of_a_job_that_was_made_does_not_wait(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
) -> None:
    made = source()
    back_up(job(), OneDatabase(made.database()), limited)
    with busy(made.dsn):
        back_up(job(), OneDatabase(made.database()), limited)
    assert queue.sent == []
    assert events.names()[-1] == "dump.skipped"


def test_where_it_cannot_be_sent_the_backup_counts_for_more_than_the_limit(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
) -> None:
    made = source()
    queue.failure = AwsFailed("sqs:SendMessage failed: no way there")
    with busy(made.dsn):
        back_up(job(), OneDatabase(made.database()), limited)
    assert keys(limited.vault)
    assert "could not be put off: sqs:SendMessage" in str(events.fields("dump.warned"))


def test_who_may_only_pretend_to_dump_holds_no_job_up_for_ever(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
) -> None:
    made = source()
    later = replace(limited, now=lambda: AT + LONG)
    made.run("CREATE ROLE pretender LOGIN PASSWORD 'pw'")
    with busy(made.as_role("pretender", "pw")):
        back_up(job(), OneDatabase(made.database()), limited)
        assert (len(queue.sent), keys(limited.vault)) == (1, [])
        back_up(job(), OneDatabase(made.database()), later)
    assert keys(limited.vault)
    assert "2 sessions of other users" in str(events.fields("dump.warned")["reason"])
    made.run("DROP ROLE pretender")


def test_it_waits_one_to_two_minutes_and_not_all_alike(queue: Queue) -> None:
    turns = Turns(1, queue)
    assert 0 <= turns.spread() < 1
    assert len({turns.spread() for _ in range(20)}) > 1


def test_without_a_queue_or_a_limit_as_of_an_older_deployment_nobody_waits() -> None:
    assert Turns.of(DumperSettings("prod", "/snapper/prod", "bucket")) is None
    queue = "https://sqs/jobs"
    assert Turns.of(DumperSettings("prod", "/snapper/prod", "bucket", queue_url=queue)) is None
