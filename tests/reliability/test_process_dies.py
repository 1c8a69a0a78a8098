"""The function dies at any moment: what comes back from the queue completes the backup."""

import random
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from isal import isal_zlib

from local.emulator.cloud import Cloud
from snapper.values.deadline import RESERVE
from tests.reliability.test_aws_calls import ONE_CALL, PARTS, SMALL
from tests.support.cloud import eventually
from tests.support.databases import Source
from tests.support.dumps import LARGE
from tests.support.fault_calls import Fault
from tests.support.fault_deaths import deliver_apart
from tests.support.fault_service import Service
from tests.support.faults import faulted

MIB = 1 << 20
LONG = pytest.mark.long


def deaths_at(*calls: str) -> list[Fault]:
    return [Fault(call, kind) for call in calls for kind in ("killed before", "killed after")]


@pytest.fixture
def service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source(17, SMALL))


@pytest.fixture
def large_service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source(17, LARGE))


def test_killed_at_the_calls_that_write(service: Service) -> None:
    deaths = (
        ("s3:PutObject 1", "after"),
        ("s3:PutObject 4", "before"),
        ("s3:DeleteObject 1", "after"),
    )
    die_at(service, [Fault(call, f"killed {when}") for call, when in deaths])


@LONG
def test_killed_at_every_call(service: Service, large_service: Service) -> None:
    die_at(service, deaths_at(*ONE_CALL))
    die_at(large_service, deaths_at(*PARTS))


@pytest.mark.long
def test_killed_at_10_random_moments(service: Service, large_service: Service) -> None:
    die_at_random(service, 5)
    die_at_random(large_service, 5)


@LONG
def test_killed_at_200_random_moments(service: Service, large_service: Service) -> None:
    die_at_random(service, 130)
    die_at_random(large_service, 70)


@pytest.mark.long
@pytest.mark.parametrize("block", [3, 0, 1, 20])
def test_the_compressor_has_no_memory(
    block: int, large_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where it can be told exactly: memory ends at one of the dump's blocks."""

    class Exhausted:
        def __init__(self, *settings: Any) -> None:
            self._real, self._left = original(*settings), block

        def compress(self, data: bytes) -> bytes:
            self._left -= 1
            if self._left < 0:
                raise MemoryError
            return bytes(self._real.compress(data))

        def flush(self, mode: int) -> bytes:
            return bytes(self._real.flush(mode))

    original = isal_zlib.compressobj
    older = large_service.furnish()
    with faulted("process dies: no memory for the compressor"):
        with monkeypatch.context() as patched:
            patched.setattr(isal_zlib, "compressobj", Exhausted)
            delivery = large_service.deliver()
        assert not delivery.acknowledged
        assert [failure["kind"] for failure in delivery.reported("dump.failed")] == ["MemoryError"]
        assert not large_service.check(older)
        assert large_service.sweep() == []
        large_service.check_recovery(older)


@LONG
def test_memory_runs_out_wherever_it_may(large_service: Service) -> None:
    ends = set()
    for mebibytes in (2, 4, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 160, 192, 256, 384, 512):
        with faulted("process dies: memory limited by the kernel"):
            older = large_service.furnish()
            end = deliver_apart(large_service, memory=mebibytes * MIB)
            made = large_service.check(older)
            acknowledged = end.came is not None and end.came.acknowledged
            assert made or not acknowledged
            ends.add(acknowledged)
            large_service.sweep()
            large_service.check_recovery(older)
    assert ends == {True, False}, "the limits must bite now and then"


@LONG
@pytest.mark.parametrize("tries", [1, 30])
def test_the_time_is_nearly_over_at_a_random_moment(tries: int, large_service: Service) -> None:
    """The deadline comes first: whoever has it, clears up himself."""
    moments = seeded()
    for _ in range(tries):
        with faulted("process dies: stopped before the function's time is over"):
            older = large_service.furnish()
            delivery = large_service.deliver(seconds=RESERVE + moments.uniform(-0.1, 0.8))
            assert large_service.check(older) == delivery.acknowledged
            kinds = [failure["kind"] for failure in delivery.reported("dump.failed")]
            # Where the time is over before a busy server has answered, that is what is said.
            late = (["DeadlineReached"], ["DatabaseUnreachable"])
            assert kinds == [] if delivery.acknowledged else kinds in late
            assert large_service.sweep() == []
            large_service.check_recovery(older)


def die_at(service: Service, plan: list[Fault]) -> None:
    for fault in plan:
        with faulted("process dies: killed at a call"):
            older = service.furnish()
            assert deliver_apart(service, [fault]).killed, fault
            survive(service, older)


def die_at_random(service: Service, kills: int) -> None:
    moments = seeded()
    service.furnish()
    whole = max(deliver_apart(service).seconds for _ in range(3))
    while kills:
        older = service.furnish()
        if not deliver_apart(service, kill_after=moments.uniform(0, whole)).killed:
            continue  # it was done just before
        kills -= 1
        with faulted("process dies: killed at a random moment"):
            survive(service, older)


def survive(service: Service, older: dict[str, bytes]) -> None:
    """The old backups are whole, the new one too or not there; its job comes back and makes it."""
    service.check(older)
    service.check_recovery(older)
    # Only unfinished uploads may be left, and the lifecycle rule sweeps them.
    assert set(service.sweep()) <= {f"{service.key}/2026-11-23T03-00-00Z.sql.gz"}
    name = service.source.name
    eventually(lambda: not sessions(service.source, name))


def sessions(source: Source, database: str) -> list[tuple[object, ...]]:
    """A killed pg_dump's session must not stay on the server."""
    return source.rows(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'snapper'"
        f" AND datname = '{database}'"
    )


def seeded() -> random.Random:
    """Give random moments that can be had again: pytest prints the seed of a failed test."""
    seed = secrets.randbits(32)
    print(f"the moments are those of random.Random({seed})")
    return random.Random(seed)  # noqa: S311  moments, not secrets
