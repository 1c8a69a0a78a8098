"""Nobody waits for ever for a server that has fallen silent, and a signal ends all waiting."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from snapper.cli.interruption import Interrupted, signals_raise
from snapper.engines.postgresql.connecting import interruptible
from snapper.engines.postgresql.connecting.asking import WORKS, asking
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.naming.encoding import every_name
from snapper.engines.postgresql.target.content import exists, unfinished_databases
from snapper.engines.postgresql.target.draft import draft
from snapper.engines.postgresql.trying.counting import count
from snapper.errors import DatabaseUnreachable
from tests.support.cloud import LONGEST
from tests.support.databases import Source
from tests.support.poolers import falling_silent, wanting_a_password

BACKUP = Recorded("17.2", "UTF8", ())
LOST = b"'are you there'"


def through(source: Source, port: int) -> Connection:
    mine, other = f":{source.server.port}/", f":{port}/"
    return Connection.parse(source.dsn.replace(mine, other))


@contextmanager
def signalled(when: threading.Event) -> Iterator[None]:
    """Send this process a signal as soon as something has happened."""

    def send() -> None:
        when.wait()
        os.kill(os.getpid(), signal.SIGTERM)

    sending = threading.Thread(target=send)
    sending.start()
    with pytest.raises(Interrupted), signals_raise():
        yield
    sending.join()


@contextmanager
def time_flies(monkeypatch: pytest.MonkeyPatch, when: threading.Event) -> Iterator[None]:
    """Let all patience end that has an end, as soon as something has happened."""

    with monkeypatch.context() as patch:
        patch.setattr(interruptible, "monotonic", lambda: 1e9 if when.is_set() else 0.0)
        yield


def test_who_has_no_password_keeps_no_server_waiting_for_it() -> None:
    """Also while the error is held that tells of it."""
    gone = threading.Event()
    with wanting_a_password(gone) as port:
        dsn = f"postgresql://u@127.0.0.1:{port}/d?sslmode=disable"
        with pytest.raises(DatabaseUnreachable, match="no password supplied") as held:
            connect(Connection.parse(dsn), redactor(dsn))
        assert gone.wait(LONGEST)
        assert held.value


def test_a_signal_ends_a_question_that_is_not_answered(source: Callable[..., Source]) -> None:
    made = source(17)
    with (
        falling_silent(made.server.port, LOST) as (port, (fell,)),
        signalled(fell),
        asking(through(made, port), redactor(made.dsn), patience=WORKS) as cursor,
    ):
        cursor.execute(f"SELECT {LOST.decode()}")


def test_nor_does_setting_the_session_back_hide_the_signal(source: Callable[..., Source]) -> None:
    made = source(17)
    with (
        falling_silent(made.server.port, LOST) as (port, (fell,)),
        signalled(fell),
        asking(through(made, port), redactor(made.dsn), patience=WORKS) as cursor,
        every_name(cursor.connection),
    ):
        cursor.execute(f"SELECT {LOST.decode()}")


def test_a_signal_ends_what_the_server_does(source: Callable[..., Source]) -> None:
    made = source(17)
    begun = threading.Event()

    def watch() -> None:
        while not made.rows("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4"):
            pass
        begun.set()

    watching = threading.Thread(target=watch)
    watching.start()
    with (
        signalled(begun),
        asking(Connection.parse(made.dsn), redactor(made.dsn), patience=WORKS) as cursor,
    ):
        cursor.execute("SELECT pg_advisory_lock(4), pg_sleep(600)")
    watching.join()
    while made.rows("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
        pass


def test_a_database_that_is_being_filled_is_dropped_all_the_same(
    source: Callable[..., Source],
) -> None:
    made = source(17)
    direct, redact = Connection.parse(made.dsn), redactor(made.dsn)
    with falling_silent(made.server.port, LOST) as (port, (fell,)):
        target = through(made, port).replace(dbname="filled in vain")
        with (
            signalled(fell),
            draft(target, BACKUP, redact, print) as unfinished,
            asking(unfinished, redact) as cursor,
        ):
            cursor.execute(f"SELECT {LOST.decode()}")
    assert not exists(target.replace(port=str(made.server.port)), redact)
    assert unfinished_databases(direct, redact) == ()


def test_clearing_up_after_a_signal_ends_though_the_server_stays_silent(
    source: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source(17)
    redact = redactor(made.dsn)
    silent = falling_silent(made.server.port, b"CREATE DATABASE", b"DROP DATABASE")
    with silent as (port, (creating, dropping)), time_flies(monkeypatch, dropping):
        target = through(made, port).replace(dbname="never made")
        with signalled(creating) as raised, draft(target, BACKUP, redact, print):
            pass
    assert raised is None
    assert dropping.is_set()


def test_a_question_has_an_end_and_a_count_has_none(
    source: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source(17)
    redact = redactor(made.dsn)
    with falling_silent(made.server.port, LOST, b"FROM ONLY") as (port, (question, counting)):
        with (
            time_flies(monkeypatch, question),
            pytest.raises(DatabaseUnreachable, match="broke off: no answer in 300 s"),
            asking(through(made, port), redact) as cursor,
        ):
            cursor.execute(f"SELECT {LOST.decode()}")
        with time_flies(monkeypatch, counting), signalled(counting):
            count(through(made, port), redact)
