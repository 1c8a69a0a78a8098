"""A restore by several sessions that ends early leaves no database and no session."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from snapper.aws.vault import Vault
from snapper.cli.interruption import Interrupted, signals_raise
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.rehearse import rehearse
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import AwsFailed, RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from tests.support.at_once import restore_at_once
from tests.support.cloud import LONGEST, eventually
from tests.support.databases import Source, job, query
from tests.support.engines import postgresql
from tests.support.restores import exists, unfinished

# Two tables: a session waits in one of them until it is ended, as in HELD, beside another's.
TWO = """
CREATE FUNCTION goes_on(n int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE noise (n int CHECK (goes_on(n)));
INSERT INTO noise SELECT generate_series(1, 400);
CREATE OR REPLACE FUNCTION goes_on(n int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF n = 300 THEN PERFORM pg_catalog.pg_sleep(3600); END IF;
    RETURN true;
END $$;
CREATE TABLE beside AS SELECT generate_series(1, 30000) AS n;
"""

_HELD = """
    SELECT pid FROM pg_stat_activity
    WHERE datname LIKE 'snapper-unfinished-%' AND wait_event = 'PgSleep'
"""
_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'snapper-unfinished-%'"

Act = Callable[[int], object]


@pytest.fixture
def backup(source: Callable[..., Source], dumper: Dumper) -> tuple[Source, Manifest]:
    made = source(17, TWO)
    manifest = dumper.dump(job(), made.database())
    assert manifest is not None
    return made, manifest


@contextmanager
def held(server: PostgresServer, act: Act) -> Iterator[None]:
    """Do something to the session in the middle of its rows, as soon as it is there."""

    def wait() -> None:
        ((pid,),) = eventually(lambda: query(server.dsn(), _HELD))
        act(pid)

    acting = threading.Thread(target=wait)
    acting.start()
    yield
    acting.join()


def nothing_is_left(target: Source) -> bool:
    server = target.server
    return not (exists(server, target.name) or unfinished(server) or query(server.dsn(), _SESSIONS))


def test_a_session_that_is_lost_ends_it(
    backup: tuple[Source, Manifest], dumper: Dumper, tools: ClientTools
) -> None:
    """It may have done what it was at, so nobody does it once more."""
    made, manifest = backup
    target = made.beside("lost")

    def end(pid: int) -> None:
        query(made.server.dsn(), f"SELECT pg_terminate_backend({pid})")

    with held(made.server, end), pytest.raises(RestoreFailed) as failure:
        restore_at_once(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert "the session ended at the rows public.noise: " in str(failure.value)
    assert "its log says why" in failure.value.hint
    assert nothing_is_left(target)


def test_a_signal_ends_all_sessions(
    backup: tuple[Source, Manifest], dumper: Dumper, tools: ClientTools
) -> None:
    made, manifest = backup
    target = made.beside("interrupted")

    def interrupt(_: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with held(made.server, interrupt), pytest.raises(Interrupted), signals_raise():
        restore_at_once(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert nothing_is_left(target)


@pytest.mark.long
def test_an_object_that_cannot_be_read_any_more_ends_all_sessions(
    backup: tuple[Source, Manifest],
    dumper: Dumper,
    tools: ClientTools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, manifest = backup
    target = made.beside("unread")
    contents = read_contents(dumper.vault, manifest)
    assert contents
    (unread,) = (table.start for table in contents.tables if table.table == "beside")
    is_held, usual = threading.Event(), Vault.open

    def open_(vault: Vault, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        if start == unread:
            is_held.wait(LONGEST)
            raise AwsFailed("s3:GetObject failed: SlowDown")
        return usual(vault, key, start, end)

    monkeypatch.setattr(Vault, "open", open_)
    with (
        held(made.server, lambda _: is_held.set()),
        pytest.raises(AwsFailed, match="SlowDown"),
    ):
        restore_at_once(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert nothing_is_left(target)


@pytest.mark.long
def test_a_server_that_dies_leaves_what_a_later_restore_warns_of(
    backup: tuple[Source, Manifest], dumper: Dumper, tools: ClientTools, run_dir: Path
) -> None:
    _, manifest = backup
    with PostgresServer(17, run_dir / "dying at once") as dying:
        target = Source(dying, "target")
        with (
            held(dying, lambda _: dying.crash()),
            pytest.raises(RestoreFailed, match=r"the session ended|cannot connect"),
        ):
            restore_at_once(dumper.vault, manifest, target.dsn, postgresql(tools))
        dying.start()
        assert not exists(dying, target.name)
        warned = rehearse(target.dsn, manifest, tools, may_create=True).warnings
        assert any("snapper-unfinished-" in warning for warning in warned)
