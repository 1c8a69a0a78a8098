"""The queue delivers twice, at once, in the wrong order, too much and nonsense."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bin.pg_dump.layer import client_root
from functions import dumper as dumper_function
from local.emulator.cloud import Cloud
from snapper.aws.parts import PartPlan
from snapper.aws.sending import Readable
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import BackupInProgress
from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, object_key
from snapper.verbs.catalog import backups
from snapper.verbs.dump import Dumper
from tests.support.backups import days
from tests.support.databases import AT, Source
from tests.support.dumps import LARGE
from tests.support.engines import engines
from tests.support.fault_calls import FOR_GOOD, Fault
from tests.support.fault_deaths import deliver_apart
from tests.support.fault_dispatch import Schedule
from tests.support.fault_service import (
    KEEP,
    KEY,
    MUCH_LATER,
    Context,
    Service,
    as_function,
    log_of_function,
    record,
)
from tests.support.faults import faulted
from tests.support.recording import RecordedEvents

POISON = {
    "nothing": "",
    "no JSON": "dump everything, please",
    "half a job": Job(KEY, AT).to_json()[:40],
    "JSON of another kind": "[]",
    "null": "null",
    "a number": "17",
    "no fields": "{}",
    "a tower": "[" * 100_000,
    "a huge one": '{"version": 1, "database": "' + "x" * 250_000 + '"}',
    "a later version": Job(KEY, AT).to_json().replace('"version": 1', '"version": 2'),
    "a path": Job("../orders", AT).to_json(),
    "another folder": Job("orders/2026", AT).to_json(),
    "a list of databases": '{"version": 1, "database": ["orders"], "scheduled_at": "2026"}',
    "no time": '{"version": 1, "database": "orders", "scheduled_at": "tomorrow"}',
    "a time without zone": '{"version": 1, "database": "orders", "scheduled_at": "2026-11-23"}',
    "a number for a time": '{"version": 1, "database": "orders", "scheduled_at": 1}',
    "a year beyond all": Job(KEY, AT).to_json().replace("2026-", "12026-"),
    "a year before all": Job(KEY, AT).to_json().replace("2026-", "-2026-"),
    "a year of no key": Job(KEY, AT).to_json().replace("2026-", "9999-"),
    "half a character": Job(KEY, AT).to_json().replace("2026-", "\\ud800-"),
    "a name beyond all": Job("x" * 65, AT).to_json(),
    "a version beyond all": '{"version": "' + "9" * 200_000 + '", "database": "orders", '
    '"scheduled_at": "2026-11-23T03:00:00Z"}',
    "not a number": Job(KEY, AT).to_json().replace('"version": 1', '"version": NaN'),
    "a database nobody knows": Job("unheard-of", AT).to_json(),
}


@pytest.fixture
def service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source())


@pytest.mark.long
def test_poison_comes_back_and_harms_no_other_job(service: Service) -> None:
    older, good = service.furnish(), Job(KEY, AT)
    for name, body in POISON.items():
        with faulted("deliveries: a poison message"):
            delivery = service.deliver((), body, good)
            assert delivery.answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}, name
            assert delivery.reported("job.failed") or delivery.reported("dump.failed"), name
            assert service.check(older), name


@pytest.mark.parametrize("large", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("times", [1, pytest.param(12, marks=pytest.mark.long)])
def test_duplicates_at_once_make_one_backup(
    times: int, large: bool, cloud: Cloud, source: Callable[..., Source]
) -> None:
    service = Service.make(cloud, source(17, LARGE) if large else source())
    for _ in range(times):
        older = service.furnish()
        with faulted("deliveries: three duplicates at once"), ThreadPoolExecutor(3) as processes:
            ends = list(processes.map(lambda _: deliver_apart(service), range(3)))
            told = [end.came for end in ends if end.came]
            assert len(told) == 3
            assert sum(len(delivery.reported("dump.ended")) for delivery in told) == 1
            assert any(delivery.acknowledged for delivery in told)
            assert service.check(older)
            assert service.sweep() == []
            service.check_recovery(older)


def test_two_writers_that_find_the_same_leftover_make_one_whole_backup(service: Service) -> None:
    """The other one has put its own backup beside it when this one is about to."""
    older = service.furnish()
    service.vault.put(object_key(KEY, AT, Kind.DUMP), b"left over")
    others = iter([service.redeliver])

    class Slow(Vault):
        def upload(
            self, stream: Readable, key: str, parts: PartPlan, kind: str = "", storage: str = ""
        ) -> None:
            next(others, lambda: None)()
            super().upload(stream, key, parts, kind)

    slow = replace(later(service), vault=Slow(service.stage, service.cloud.client("s3")))
    with faulted("deliveries: two that find the same leftover"):
        assert slow.dump(Job(KEY, AT), service.source.database()) is None
        assert service.check(older)
        assert service.vault.read(object_key(KEY, AT, Kind.DUMP)) == b"left over"


@pytest.mark.parametrize("size", [2, pytest.param(4, marks=pytest.mark.long)])
def test_jobs_in_any_order_each_leave_their_backup_and_never_fewer_than_the_count_stay(
    size: int, service: Service
) -> None:
    moments = [days(number / 2) for number in range(1, size + 1)]
    for order in itertools.permutations(moments):
        service.furnish()
        with faulted("deliveries: jobs in another order"):
            for number, at in enumerate(order):
                assert service.deliver((), Job(KEY, at)).acknowledged
                service.check_whole(at)
                # Which ones they are depends on what time it is: they stand where they were begun.
                kept = [holding.taken_at for holding in backups(service.vault, KEY)]
                assert len(kept) >= KEEP, f"{kept} after {order[: number + 1]}"


@pytest.mark.long
def test_a_time_long_past_is_backed_up_and_never_costs_the_backup_just_made(
    service: Service,
) -> None:
    service.furnish()
    for at in [datetime(1971, 1, 1, tzinfo=UTC), days(1), days(2), days(3)]:
        with faulted("deliveries: a clock that is far off"):
            assert service.deliver((), Job(KEY, at)).acknowledged
            service.check_whole(at)


def test_a_time_still_to_come_is_refused_aloud_and_nothing_is_dumped_or_pruned(
    service: Service,
) -> None:
    before = service.furnish()
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    for at in (soon, *(datetime(year, 1, 1, tzinfo=UTC) for year in (2099, 9998))):
        with faulted("deliveries: a time still to come"):
            delivery = service.deliver((), Job(KEY, at))
            assert not delivery.acknowledged
            (told,) = delivery.reported("dump.failed")
            assert f"the job is for {write_time(at)}" in told["reason"]
            assert service.objects() == before


@pytest.mark.long
@pytest.mark.parametrize("minutes", [-180, -15, 0, 14])
def test_a_function_whose_clock_is_off_takes_no_writers_dump_away(
    minutes: int, service: Service
) -> None:
    """Beyond 15 minutes AWS takes no request: the clock is never that much ahead."""
    service.furnish()
    service.vault.put(object_key(KEY, AT, Kind.DUMP), b"under way")
    skewed = later(service, timedelta(minutes=minutes))
    with faulted("deliveries: a clock that is off"):
        with pytest.raises(BackupInProgress):
            skewed.dump(Job(KEY, AT), service.source.database())
        assert service.vault.read(object_key(KEY, AT, Kind.DUMP)) == b"under way"


# In every run 25 are queued while calls fail, by test_aws_calls.py.
@pytest.mark.long
def test_1000_databases_at_once_are_all_queued_in_100_batches(cloud: Cloud) -> None:
    keys = [f"database-{number:03}" for number in range(1000)]
    schedule = Schedule.make(cloud, "thousand", keys)
    with faulted("deliveries: 1,000 databases at once"):
        fired = schedule.fire()
        assert fired.failure is None
        assert sum(call.startswith("sqs:") for call in fired.injection.calls) == 100
        assert sorted(schedule.drain(), key=lambda job: job.database) == [
            Job(key, AT) for key in keys
        ]
    with faulted("deliveries: 1,000 databases, one batch refused for good"):
        refused = [Fault("sqs:SendMessageBatch 100", "403", FOR_GOOD)]
        failure = schedule.fire(refused).failure
        assert "failed for 10 of 1000 jobs" in str(failure)
        assert all(key in str(failure) for key in keys[-10:])
        assert {job.database for job in schedule.drain()} == set(keys[:-10])


@pytest.mark.long
def test_100_databases_of_one_server_at_once_are_all_backed_up(service: Service) -> None:
    keys = [f"database-{number:03}" for number in range(100)]
    for key in keys:
        service.register(key, service.source.dsn, 1)
    jobs = [Job(key, AT) for key in keys]

    def work(share: list[Job]) -> bool:
        return dumper_function.handler(record(*share), Context()) == {"batchItemFailures": []}

    with faulted("deliveries: 100 databases, eight at a time"), as_function(service.environment):
        with log_of_function(), ThreadPoolExecutor(8) as workers:
            assert all(workers.map(work, [jobs[n::8] for n in range(8)]))
        for key in keys:
            replace(service, key=key).check_whole()


def test_two_stages_in_one_account_never_touch_each_other(
    cloud: Cloud, source: Callable[..., Source]
) -> None:
    """Not even where the name of the one begins with the name of the other."""
    one = Service.make(cloud, source(), keep=1)
    other = Service.make(cloud, source(), stage=f"{one.stage}-2", keep=5)
    one.furnish()
    before = other.furnish()
    parameters = cloud.client("ssm").get_parameters_by_path(Path=other.root, Recursive=True)
    with faulted("deliveries: two stages of one account"):
        assert one.deliver().acknowledged
        assert [holding.taken_at for holding in backups(one.vault, KEY)] == [AT]
        assert other.objects() == before
        after = cloud.client("ssm").get_parameters_by_path(Path=other.root, Recursive=True)
        assert after["Parameters"] == parameters["Parameters"]
        assert other.deliver().acknowledged
        assert len(backups(other.vault, KEY)) == 3
        assert [holding.taken_at for holding in backups(one.vault, KEY)] == [AT]
    with faulted("deliveries: two stages of one account, dispatched"):
        schedules = [Schedule.make(cloud, service.stage, []) for service in (one, other)]
        other.register("only-there", "host=h", 1)
        assert [schedule.fire().failure for schedule in schedules] == [None, None]
        queued = [{job.database for job in schedule.drain()} for schedule in schedules]
        assert queued == [{KEY}, {KEY, "only-there"}]


def later(service: Service, skew: timedelta = MUCH_LATER) -> Dumper:
    tools = ClientTools(client_root())
    return Dumper(
        service.vault, RecordedEvents(), engines(tools), now=lambda: datetime.now(UTC) + skew
    )
