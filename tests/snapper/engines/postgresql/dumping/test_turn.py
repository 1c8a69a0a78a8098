"""A server is dumped by so many at once and no more, whoever they are and whatever they may see."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import psycopg2
import pytest

from snapper.engines.postgresql.dumping import turn as module
from snapper.engines.postgresql.dumping.turn import NAME, turn
from snapper.errors import ServerBusy
from snapper.values.secrets import Database
from tests.support.cloud import eventually
from tests.support.databases import EVERY_MAJOR, Source

PATIENCE = 60.0


@pytest.fixture
def alone(source: Callable[..., Source]) -> Iterator[Callable[..., Source]]:
    """Give a database on a server where no dump is under way, which other tests share."""
    made: list[Source] = []

    def make(major: int = 18, sql: str = "") -> Source:
        made.append(source(major, sql or "SELECT"))
        return made[-1]

    yield make
    for each in made:
        nobody_dumps(each)


def dumps(source: Source) -> list[str]:
    """The names of the sessions that say that they dump."""
    sql = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE"
    return [name for (name,) in source.rows(f"{sql} '{NAME}%'")]


def nobody_dumps(source: Source) -> None:
    """Wait until the server has taken back the sessions that were closed."""
    eventually(lambda: not dumps(source))


def a_turn(dsn: str, most: int, *, long_waited: bool = False) -> ExitStack:
    """Be one of those who dump, until it is closed."""
    with ExitStack() as stack:
        stack.enter_context(turn(Database("k", dsn, 1), most, PATIENCE, long_waited=long_waited))
        return stack.pop_all()
    raise AssertionError


@contextmanager
def pretending(dsn: str, name: str) -> Iterator[None]:
    link = psycopg2.connect(dsn, application_name=name)
    try:
        yield
    finally:
        link.close()


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_roles_without_any_right_see_each_other_and_no_more_than_so_many_dump(
    major: int, alone: Callable[..., Source]
) -> None:
    made = alone(major)
    with logins(made, "one", "two", "three") as (one, two, three):
        busy = r"2 dumps are under way .*processes \d+, \d+\)"
        with a_turn(one, 2), a_turn(two, 2), pytest.raises(ServerBusy, match=busy):
            a_turn(three, 2)
        nobody_dumps(made)
        a_turn(three, 2).close()


@contextmanager
def logins(source: Source, *names: str, more: str = "") -> Iterator[list[str]]:
    """Make roles that may do nothing but come in, and give their connections."""
    for name in names:
        source.run(f"CREATE ROLE \"turn {name}\" LOGIN PASSWORD 'pw' {more}")
    try:
        yield [source.as_role(f"turn {name}", "pw") for name in names]
    finally:
        for name in names:
            with suppress(psycopg2.Error):
                source.run(f'DROP ROLE "turn {name}"')


@pytest.mark.parametrize("most", [1, 3])
def test_of_many_that_come_at_once_exactly_so_many_go(
    most: int, alone: Callable[..., Source]
) -> None:
    made = alone()
    start, looked = threading.Barrier(8), threading.Barrier(8)
    went: list[bool] = []

    def come() -> None:
        start.wait()
        with ExitStack() as stack:
            try:
                stack.enter_context(a_turn(made.dsn, most))
                went.append(True)
            except ServerBusy:
                went.append(False)
            looked.wait()  # nobody goes before all have looked

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert (went.count(True), went.count(False)) == (most, 8 - most)


def test_whoever_is_still_reading_the_time_is_waited_for(alone: Callable[..., Source]) -> None:
    made, paused = alone(), threading.Event()
    came: list[int] = []
    reading = pretending(made.dsn, f"{NAME}?")
    reading.__enter__()

    def pause(seconds: float) -> None:
        if not paused.is_set():
            paused.set()
            reading.__exit__(None, None, None)  # it has gone away again
        threading.Event().wait(seconds)

    database = Database("k", made.dsn, 1)
    with turn(database, 1, PATIENCE, long_waited=False, pause=pause) as passed_over:
        came.append(passed_over)
    assert paused.is_set()
    assert came == [0]


def test_one_that_never_reads_it_is_taken_for_an_earlier_one(
    alone: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_WITH_COMING", 0.0)
    made = alone()
    with pretending(made.dsn, f"{NAME}?"), pytest.raises(ServerBusy):
        a_turn(made.dsn, 1)


@pytest.mark.parametrize("name", ["snapper", f"{NAME}soon", f"{NAME}12", "another"])
def test_other_names_keep_nobody_out(name: str, alone: Callable[..., Source]) -> None:
    made = alone()
    with pretending(made.dsn, name):
        a_turn(made.dsn, 1).close()


def test_a_name_of_days_ago_or_of_a_time_to_come_keeps_nobody_out(
    alone: Callable[..., Source],
) -> None:
    made = alone()
    with pretending(made.dsn, f"{NAME}{10**15}"), pretending(made.dsn, f"{NAME}{9 * 10**15}"):
        a_turn(made.dsn, 1).close()


def test_who_has_waited_long_waits_for_his_own_user_alone(alone: Callable[..., Source]) -> None:
    made = alone()
    with logins(made, "stranger") as (stranger,), a_turn(stranger, 1):
        with pytest.raises(ServerBusy):
            a_turn(made.dsn, 1)
        eventually(lambda: len(dumps(made)) == 1)  # who was refused has gone
        with turn(Database("k", made.dsn, 1), 1, PATIENCE, long_waited=True) as passed_over:
            assert passed_over == 1
            with pytest.raises(ServerBusy):
                a_turn(made.dsn, 1, long_waited=True)


def test_a_login_of_few_sessions_needs_no_other_one(alone: Callable[..., Source]) -> None:
    made = alone()
    with logins(made, "few", more="CONNECTION LIMIT 1") as (few,), a_turn(few, 1):
        nobody_dumps(made)
        psycopg2.connect(few).close()


def test_where_nobody_may_see_sessions_nobody_is_kept_out(alone: Callable[..., Source]) -> None:
    made = alone()
    made.run("REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC")
    with logins(made, "blind") as (blind,), a_turn(made.dsn, 1):
        a_turn(blind, 1).close()


def test_the_server_is_to_notice_within_a_minute_that_a_dumper_is_no_more(
    alone: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = module._others

    def look(cursor: psycopg2.extensions.cursor) -> object:
        for what in ("idle", "interval", "count"):
            cursor.execute(f"SELECT source FROM pg_settings WHERE name = 'tcp_keepalives_{what}'")
            asked.extend(cursor.fetchone())
        return real(cursor)

    monkeypatch.setattr(module, "_others", look)
    a_turn(alone().dsn, 1).close()
    assert asked == ["session"] * 3
