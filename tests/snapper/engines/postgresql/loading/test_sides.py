"""Several sessions take tasks at once; what is refused is left, what is lost ends all."""

import threading
from collections.abc import Callable

import pytest

from snapper.engines.facts import PLAINLY
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.loading.sides import Sides, Task
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.statements import Statement
from snapper.errors import DatabaseUnreachable, RestoreFailed
from tests.support.cloud import LONGEST, eventually
from tests.support.databases import Source
from tests.support.restores import EMPTY

Do = Callable[[StatementRunner], None]


@pytest.fixture
def database(source: Callable[..., Source]) -> Source:
    return source(18, EMPTY)


def sides(database: Source, most: int = 2) -> Sides:
    def connect() -> StatementRunner:
        return StatementRunner(Connection.parse(database.dsn), redactor(database.dsn))

    return Sides(connect, most, Loading(PLAINLY))


def task(do: Do, *holds: bytes) -> Task:
    return Task(Statement(b"CREATE INDEX i ON t (n);", 7), do, frozenset(holds))


def runs(statement: bytes) -> Do:
    def do(runner: StatementRunner) -> None:
        runner.run(statement)

    return do


def test_two_work_at_once_each_in_a_session_of_its_own(database: Source) -> None:
    both, sessions = threading.Barrier(2, timeout=LONGEST), set()

    def meet(runner: StatementRunner) -> None:
        both.wait()
        sessions.update(runner.ask("SELECT pg_backend_pid()"))

    with sides(database) as at_once:
        assert at_once.refused([task(meet), task(meet)]) == []
        assert len(sessions) == 2
        # They are used again.
        assert at_once.refused([task(meet), task(meet)]) == []
        assert len(sessions) == 2
    ours = "application_name = 'snapper' AND datname = current_database()"
    eventually(lambda: not database.rows(f"SELECT pid FROM pg_stat_activity WHERE {ours}"))


def test_those_that_hold_the_same_are_done_one_after_the_other(database: Source) -> None:
    at_work: list[str] = []
    freed = threading.Event()

    def first(_: StatementRunner) -> None:
        at_work.append("first begins")
        freed.wait(LONGEST)
        at_work.append("first ends")

    with sides(database) as at_once:
        tasks = [
            task(first, b"t"),
            task(lambda _: at_work.append("second"), b"t", b"u"),
            task(lambda _: freed.set(), b"v"),
        ]
        assert at_once.refused(tasks) == []
    assert at_work == ["first begins", "first ends", "second"]


def test_what_the_server_refuses_is_left_and_all_else_is_done(database: Source) -> None:
    with sides(database) as at_once:
        statements = (b"CREATE TABLE public.a ()", b"SELECT 1/0", b"CREATE TABLE public.b ()")
        assert at_once.refused([task(runs(each)) for each in statements]) == [1]
    assert database.rows("SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b')") == [(2,)]


def test_without_a_session_all_is_left(database: Source) -> None:
    def connect() -> StatementRunner:
        raise DatabaseUnreachable("it has no connection left")

    with Sides(connect, 2, Loading(PLAINLY)) as at_once:
        assert at_once.refused([task(runs(b"CREATE TABLE public.a ()"))] * 3) == [0, 1, 2]
    assert database.rows("SELECT relname FROM pg_class WHERE relname = 'a'") == []


def test_a_failure_ends_what_the_others_are_at(database: Source) -> None:
    at_work = threading.Event()

    def sleep(runner: StatementRunner) -> None:
        at_work.set()
        runner.run(b"SELECT pg_sleep(3600)")

    def fail(_: StatementRunner) -> None:
        at_work.wait(LONGEST)
        raise RestoreFailed("this is no row")

    with (
        sides(database) as at_once,
        pytest.raises(RestoreFailed, match="this is no row"),
    ):
        at_once.refused([task(sleep), task(fail), task(runs(b"CREATE TABLE public.never ()"))])
    assert database.rows("SELECT relname FROM pg_class WHERE relname = 'never'") == []


def test_a_session_that_is_lost_ends_all(database: Source) -> None:
    def die(runner: StatementRunner) -> None:
        runner.run(b"SELECT pg_terminate_backend(pg_backend_pid())")

    with (
        sides(database) as at_once,
        pytest.raises(RestoreFailed, match="the session ended at line 7"),
    ):
        at_once.refused([task(die)])
