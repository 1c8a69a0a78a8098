"""A job whose server is busy comes again by itself, without a try of it being used up."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.aws.queue import JobQueue
from snapper.engines.postgresql.dumping.turn import NAME, turn
from snapper.errors import AwsFailed
from snapper.values.job import Job
from snapper.values.secrets import Database
from snapper.values.settings import DumperSettings
from snapper.verbs.back_up import back_up
from snapper.verbs.dump import Dumper
from snapper.verbs.turns import LONG, Turns
from tests.support.cloud import eventually
from tests.support.databases import AT, Source, job, query
from tests.support.parameters import OneDatabase
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys


class Queue(JobQueue):
    """Takes jobs for later, or fails as AWS does."""

    def __init__(self) -> None:
        self.sent: list[tuple[Job, timedelta]] = []
        self.failure: AwsFailed | None = None

    def send(self, jobs: Any, after: timedelta = timedelta()) -> None:
        if self.failure:
            raise self.failure
        self.sent += [(job, after) for job in jobs]


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def limited(dumper: Dumper, queue: Queue) -> Dumper:
    """Give a dumper that is one of two on a server, just after the job's time."""
    turns = Turns(2, queue, lambda: 0.5)
    return replace(dumper, turns=turns, now=lambda: AT + timedelta(minutes=1))


@pytest.fixture
def busy() -> Iterator[Callable[[str], None]]:
    """Have as many others dump a server as may, until the test is over."""
    with ExitStack() as stack:

        def take(dsn: str) -> None:
            for _ in range(2):
                stack.enter_context(turn(_of(dsn), 2, 60, long_waited=False))

        yield take


def _of(dsn: str) -> Database:
    return Database("other", dsn, 1)


def dumps(made: Source) -> int:
    sql = f"SELECT FROM pg_stat_activity WHERE application_name LIKE '{NAME}%'"
    return len(query(made.dsn, sql))


def test_where_nobody_else_dumps_the_server_a_backup_is_made(
    source: Callable[..., Source], limited: Dumper, queue: Queue
) -> None:
    made = source()
    back_up(job(), OneDatabase(made.database()), limited)
    assert keys(limited.vault)
    assert queue.sent == []
    eventually(lambda: not dumps(made))


def test_a_job_that_must_wait_is_sent_again_for_later_and_has_not_failed(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
    busy: Callable[[str], None],
) -> None:
    made = source()
    busy(made.dsn)
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
    with turn(_of(made.dsn), 2, 60, long_waited=False):
        with turn(_of(made.dsn), 2, 60, long_waited=False):
            back_up(job(), OneDatabase(made.database()), limited)
        eventually(lambda: dumps(made) == 1)
        ((again, _),) = queue.sent
        back_up(again, OneDatabase(made.database()), limited)
    assert keys(limited.vault)


def test_a_second_delivery_of_a_job_that_was_made_does_not_wait(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
    busy: Callable[[str], None],
) -> None:
    made = source()
    back_up(job(), OneDatabase(made.database()), limited)
    busy(made.dsn)
    back_up(job(), OneDatabase(made.database()), limited)
    assert queue.sent == []
    assert events.names()[-1] == "dump.skipped"


def test_where_it_cannot_be_sent_the_backup_counts_for_more_than_the_limit(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
    busy: Callable[[str], None],
) -> None:
    made = source()
    queue.failure = AwsFailed("sqs:SendMessageBatch failed: no way there")
    busy(made.dsn)
    back_up(job(), OneDatabase(made.database()), limited)
    assert keys(limited.vault)
    assert "could not be put off: sqs:SendMessageBatch" in str(events.fields("dump.warned"))


def test_who_may_only_pretend_to_dump_holds_no_job_up_for_ever(
    source: Callable[..., Source],
    limited: Dumper,
    queue: Queue,
    events: RecordedEvents,
    busy: Callable[[str], None],
) -> None:
    made = source()
    made.run("CREATE ROLE pretender LOGIN PASSWORD 'pw'")
    try:
        busy(made.as_role("pretender", "pw"))
        back_up(job(), OneDatabase(made.database()), limited)
        assert len(queue.sent) == 1
        assert keys(limited.vault) == []
        back_up(job(), OneDatabase(made.database()), replace(limited, now=lambda: AT + LONG))
        assert keys(limited.vault)
        assert "2 sessions of other users" in str(events.fields("dump.warned")["reason"])
    finally:
        query(
            made.dsn,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pretender'",
        )
        made.run("DROP ROLE pretender")


def test_it_waits_one_to_two_minutes_and_not_all_alike(queue: Queue) -> None:
    turns = Turns(1, queue)
    assert 0 <= turns.spread() < 1
    assert len({turns.spread() for _ in range(20)}) > 1


def test_without_a_queue_or_a_limit_as_of_an_older_deployment_nobody_waits() -> None:
    assert Turns.of(DumperSettings("prod", "/snapper/prod", "bucket")) is None
    queue = "https://sqs/jobs"
    assert Turns.of(DumperSettings("prod", "/snapper/prod", "bucket", queue_url=queue)) is None


def test_a_job_for_later_is_counted_as_waiting(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="later")["QueueUrl"]
    jobs = JobQueue(url, sqs)
    jobs.send([job()], timedelta(seconds=90))
    assert jobs.waiting() == 1
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
