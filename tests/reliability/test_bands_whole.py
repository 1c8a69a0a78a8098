"""A backup that several pg_dumps make, under faults: it is whole, or there is none and a reason."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping import in_bands
from snapper.engines.postgresql.dumping.together import Together
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DumpFailed, SnapperError
from snapper.values.deadline import RESERVE
from snapper.verbs.dump import Dumper
from tests.reliability.test_aws_calls import PARTS, once, survive
from tests.reliability.test_process_dies import deaths_at, die_at, seeded
from tests.reliability.test_server_misbehaves import assert_all_or_nothing, clear, result, through
from tests.support import several
from tests.support.cloud import eventually
from tests.support.databases import Source, job, query
from tests.support.dumps import LARGE
from tests.support.fault_service import Service
from tests.support.faults import faulted
from tests.support.proxy import Proxy
from tests.support.vaults import keys, open_uploads

FAMILY = "bands: "
LONG = pytest.mark.long

Make = Callable[..., Source]

# Some parts of an upload, in two tables.
TWO_LARGE = f"{LARGE}; CREATE TABLE another AS TABLE large"


@dataclass(frozen=True)
class Banded(Service):
    """The same, where every database is dumped by several programs."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "SNAPPER_DUMP_JOBS": "3"}


@pytest.fixture(autouse=True)
def _parted(monkeypatch: pytest.MonkeyPatch) -> None:
    several.part_often(monkeypatch)


@pytest.fixture
def banded(dumper: Dumper) -> Dumper:
    return several.by_several(dumper)


@pytest.fixture(scope="module")
def large(server: Callable[[int], PostgresServer]) -> Source:
    """Give a database of some size that is only read."""
    made = Source(server(17), "postgres").create("two large tables")
    made.run(TWO_LARGE)
    return made


@pytest.fixture
def two(large: Source) -> Iterator[Source]:
    """Give the same; no session of ours is left in it."""
    yield large
    require_no_session(large)


def require_no_session(made: Source) -> None:
    ours = f"datname = '{made.name}' AND application_name LIKE 'snapper%'"
    left = f"SELECT pid FROM pg_stat_activity WHERE {ours}"
    eventually(lambda: not query(made.server.dsn(), left), what="our sessions did not end")


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[Together]:
    """Give the dumps that were begun."""
    begun: list[Together] = []

    class Noted(Together):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            begun.append(self)

    monkeypatch.setattr(in_bands, "Together", Noted)
    return begun


class Struck(Vault):
    """A vault where something happens when some bytes of a dump have been stored."""

    def __init__(self, inner: Vault, strike: Callable[[], None]) -> None:
        super().__init__(inner.bucket, inner._client)
        self._strike = strike

    def upload(self, stream: Any, *arguments: Any) -> None:
        read = stream.read
        blocks = iter(range(1 << 30))

        def reading(*size: int) -> bytes:
            if next(blocks) == 1:
                self._strike()
            block: bytes = read(*size)
            return block

        stream.read = reading
        super().upload(stream, *arguments)


def struck(banded: Dumper, made: Source, strike: Callable[[], None]) -> str:
    """Dump, and strike in the midst; give the reason why there is no backup, nor anything of it."""
    there = replace(banded, vault=Struck(banded.vault, strike))
    with pytest.raises(DumpFailed) as failed:
        there.dump(job(), made.database())
    assert keys(banded.vault) == []
    assert open_uploads(banded.vault) == []
    return str(failed.value)


@pytest.mark.long
@pytest.mark.parametrize("victim", [1, 2], ids=["a band", "the rest"])
def test_one_of_the_programs_is_killed_in_the_midst(
    banded: Dumper, two: Source, running: list[Together], victim: int
) -> None:
    def strike() -> None:
        os.kill(running[0]._dumps[victim]._process.pid, signal.SIGKILL)

    with faulted(FAMILY + "a program is killed in the midst of the upload"):
        assert "SIGKILL" in struck(banded, two, strike)
        assert all(each._process.poll() is not None for each in running[0]._dumps)


@pytest.mark.long
def test_the_holder_of_the_snapshot_is_ended_in_the_midst(
    banded: Dumper, two: Source, running: list[Together]
) -> None:
    def strike() -> None:
        holder = running[0]._holder._link.info.backend_pid
        two.run(f"SELECT pg_terminate_backend({holder})")
        eventually(lambda: running[0]._stopped, what="nobody has noticed")

    with faulted(FAMILY + "the holder is ended in the midst of the upload"):
        assert "holds the snapshot" in struck(banded, two, strike)
        assert all(each._process.poll() is not None for each in running[0]._dumps)


def cut_everywhere(banded: Dumper, made: Source, points: int) -> None:
    """Cut all connections at many points of what the server answers to them in all."""
    with Proxy(made.server.port) as proxy:
        assert banded.dump(job(), through(made, proxy)) is not None
    outcomes = []
    for point in range(points):
        clear(banded.vault)
        after = proxy.answered * point // points
        with (
            faulted(FAMILY + "connections cut at byte n"),
            Proxy(made.server.port, cut_after=after, reset=bool(point % 2)) as cutting,
        ):
            outcomes.append(result(banded, through(made, cutting)))
            assert_all_or_nothing(banded, outcomes[-1])
            require_no_session(made)
    # What is cut off at the very end is said when the dump is whole already.
    assert sum(isinstance(outcome, SnapperError) for outcome in outcomes) > 0.9 * points - 1


@pytest.mark.long
def test_connections_that_are_cut_leave_nothing(banded: Dumper, source: Make) -> None:
    cut_everywhere(banded, source(17, several.SPLIT), 3)


@LONG
def test_connections_that_are_cut_at_very_many_bytes_leave_nothing(
    banded: Dumper, source: Make
) -> None:
    cut_everywhere(banded, source(18, several.SPLIT), 60)


@LONG
@pytest.mark.parametrize("share", [0.05, 0.4, 0.99])
def test_a_server_that_falls_silent_is_given_up(share: float, banded: Dumper, source: Make) -> None:
    made = source(17, several.SPLIT)
    with Proxy(made.server.port) as proxy:
        assert banded.dump(job(), through(made, proxy)) is not None
    clear(banded.vault)
    impatient = replace(banded, patience=1.0)
    with (
        faulted(FAMILY + "the server falls silent"),
        Proxy(made.server.port, stall_after=int(proxy.answered * share)) as stalling,
    ):
        outcome = result(impatient, through(made, stalling, "?connect_timeout=2"))
        assert isinstance(outcome, SnapperError)
        assert_all_or_nothing(banded, outcome)


@LONG
def test_any_call_of_the_upload_fails(cloud: Cloud, two: Source) -> None:
    survive(Banded.make(cloud, two), once(PARTS, ("connection reset after", "403")))


@LONG
def test_the_function_is_killed_at_the_calls_of_the_upload(cloud: Cloud, two: Source) -> None:
    die_at(Banded.make(cloud, two), deaths_at(*PARTS))


@pytest.mark.long
@pytest.mark.parametrize("tries", [1, 20])
def test_the_time_is_nearly_over_at_a_random_moment(tries: int, cloud: Cloud, two: Source) -> None:
    service, moments = Banded.make(cloud, two), seeded()
    for _ in range(tries):
        with faulted(FAMILY + "stopped before the function's time is over"):
            older = service.furnish()
            delivery = service.deliver(seconds=RESERVE + moments.uniform(-0.1, 1.2))
            assert service.check(older) == delivery.acknowledged
            kinds = [failure["kind"] for failure in delivery.reported("dump.failed")]
            # Where the time is over before a busy server has answered, that is what is said.
            late = (["DeadlineReached"], ["DatabaseUnreachable"])
            assert kinds == [] if delivery.acknowledged else kinds in late
            assert service.sweep() == []
            require_no_session(two)
