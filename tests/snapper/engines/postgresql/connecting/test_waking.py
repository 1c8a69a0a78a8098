"""A server that sleeps, starts or is full is asked again, for as long as there is time."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.connecting import waking
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.connecting.waking import until_it_answers
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.errors import DatabaseUnreachable, HostUnreachable, ServerNotReady
from tests.support import poolers
from tests.support.databases import Source

LIMIT = 90.0


class Clock:
    """A time that passes only where somebody waits; it notes how long each attempt may take."""

    def __init__(self, *, answers_at: float, quick: bool = False, needs: float = 0.0) -> None:
        self.now, self.limits = 1000.0, list[float]()
        self._answers_at, self._quick, self._needs = 1000.0 + answers_at, quick, needs

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def attempt(self, limit: float) -> str:
        self.limits.append(limit)
        takes = 0.0 if self._quick else limit or 15.0
        if self.now + takes >= self._answers_at and takes >= self._needs:
            self.now = max(self.now, self._answers_at)
            return "a session"
        self.now += takes
        raise ServerNotReady("not yet")

    def until(self, patience: float = 300.0) -> str:
        return until_it_answers(self.attempt, patience, self, self.pause)


def reach(dsn: str) -> None:
    connect(Connection.parse(dsn), redactor(dsn)).close()


@pytest.fixture(autouse=True)
def _as_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "LONGEST_WAIT", LIMIT)


@pytest.mark.parametrize("seconds", [0, 3, 14, 20, 40, 80])
@pytest.mark.parametrize("quick", [True, False])
def test_a_server_that_wakes_up_in_time_is_reached(seconds: float, *, quick: bool) -> None:
    clock = Clock(answers_at=seconds, quick=quick)
    assert clock.until() == "a session"
    assert clock.now <= 1000 + LIMIT


def test_one_that_is_slow_to_take_each_connection_gets_more_time_each_time() -> None:
    clock = Clock(answers_at=0, needs=28)
    assert clock.until() == "a session"
    assert clock.limits == [0, 30]


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(("patience", "longest"), [(300.0, LIMIT), (40.0, 40.0)])
def test_one_that_does_not_is_given_up_with_what_it_said_and_how_often(
    patience: float, longest: float, *, quick: bool
) -> None:
    clock = Clock(answers_at=1000, quick=quick)
    with pytest.raises(ServerNotReady, match=r"not yet \(tried \d+ times in \d+ s\)"):
        clock.until(patience)
    assert longest - 10 < clock.now - 1000 <= longest


def test_what_does_not_pass_by_itself_is_not_tried_again() -> None:
    tried = list[float]()

    def attempt(limit: float) -> str:
        tried.append(limit)
        raise DatabaseUnreachable("password authentication failed")

    with pytest.raises(DatabaseUnreachable, match=r"failed$"):
        until_it_answers(attempt, 300)
    assert tried == [0]


NOT_READY = [
    ("57P03", "the database system is starting up"),
    ("57P03", "the database system is not yet accepting connections"),
    ("57P03", "the database system is in recovery mode"),
    ("57P03", "the database system is shutting down"),
    ("53300", "sorry, too many clients already"),
    ("53300", "remaining connection slots are reserved for roles with the SUPERUSER attribute"),
    ("53300", 'too many connections for role "reader"'),
    ("53300", 'too many connections for database "orders"'),
    ("XX000", "Max client connections reached"),
    ("XX000", "MaxClientsInSessionMode: max clients reached - in Session mode max clients are lim"),
    ("08P01", "no more connections allowed (max_client_conn)"),
    ("XX000", "Couldn't connect to compute node"),
]


@pytest.mark.parametrize("answer", NOT_READY, ids=lambda answer: answer[1])
def test_these_answers_are_of_a_server_that_is_not_ready(
    answer: tuple[str, str],
    source: Callable[..., Source],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waking, "_PAUSES", (0.0,))
    made = source()
    with poolers.saying(answer, answer, server=made.server.port) as port:
        reach(made.dsn.replace(f":{made.server.port}/", f":{port}/"))


@pytest.mark.parametrize("answer", NOT_READY, ids=lambda answer: answer[1])
def test_one_that_never_is_ready_is_told_with_what_to_do(
    answer: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "LONGEST_WAIT", 0.0)
    with poolers.saying(answer) as port, pytest.raises(ServerNotReady) as failed:
        reach(f"postgresql://u:hush-hush@127.0.0.1:{port}/d?sslmode=disable")
    assert failed.value.hint


@pytest.mark.long
def test_one_that_says_nothing_may_sleep_and_the_hint_does_not_blame_the_network_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waking, "LONGEST_WAIT", 0.0)
    with poolers.silent() as port, pytest.raises(HostUnreachable) as failed:
        reach(f"postgresql://u:p@127.0.0.1:{port}/d?connect_timeout=2&sslmode=disable")
    assert failed.value.passing
    assert failed.value.hint.index("firewall") < failed.value.hint.index("paused")
