"""What ends one of several pg_dumps of a dump, or their snapshot, ends all and leaves nothing."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from _pytest.mark.structures import ParameterSet

from snapper.engines.checked_dump import CheckedDump
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.together import Together
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DeadlineReached, DumpFailed, SnapperError
from tests.support import banded
from tests.support.cloud import eventually
from tests.support.databases import Source, query
from tests.support.dumps import fake_tools
from tests.support.faults import faulted

FAMILY = "bands: "

# More of each than pipes and sockets hold, so that none has ended when something happens.
THREE = """
CREATE TABLE a AS SELECT n, repeat('a', 100000) AS v FROM generate_series(1, 400) AS n;
CREATE TABLE b AS SELECT n, repeat('b', 100000) AS v FROM generate_series(1, 350) AS n;
CREATE TABLE c AS SELECT n, repeat('c', 100000) AS v FROM generate_series(1, 300) AS n;
DO $$ BEGIN EXECUTE format('COMMENT ON TABLE a IS %L', repeat('long', 900000)); END $$;
CREATE INDEX ON a (n);
DO $$ BEGIN EXECUTE format('COMMENT ON INDEX a_n_idx IS %L', repeat('long', 900000)); END $$;
"""
PROGRAMS = ["before", "band of a", "band of b", "the rest", "after"]


LONG = pytest.mark.long


def victims(*always: int) -> list[ParameterSet]:
    """Give all programs by number, of which these are tried always, the others if there is time."""
    return [
        pytest.param(number, id=name, marks=() if number in always else LONG)
        for number, name in enumerate(PROGRAMS)
    ]


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    banded.small_is_large(monkeypatch)


@pytest.fixture(scope="module")
def three(server: Callable[[int], PostgresServer]) -> Source:
    """Give a database that is only read."""
    made = Source(server(17), "postgres").create("three bands")
    made.run(THREE)
    return made


@contextmanager
def under_way(
    tools: ClientTools, made: Source, patience: float = banded.PATIENCE
) -> Iterator[Together]:
    """Give a dump of which every text has begun; nothing is left of it afterwards."""
    dump = cast("Together", banded.started(tools, made.database(), 3, patience))
    try:
        with dump:
            yield dump
    finally:
        assert [each._process.poll() is None for each in dumps(dump)] == [False] * len(PROGRAMS)
        eventually(lambda: not sessions(made), what="our sessions did not end")


def dumps(dump: Together) -> list[CheckedDump]:
    before, *bands, after = dump._dumps
    return [before, *bands, after]


def begin(dump: Together) -> None:
    """Read a little of each, so that all have taken the snapshot over and are in the midst."""
    for text in (dump.before, *dump.bands):
        assert text.read(1000)


def sessions(made: Source) -> list[tuple[int, str]]:
    """Give our sessions in the database: process and name."""
    found = query(
        made.server.dsn(),
        "SELECT pid, application_name FROM pg_stat_activity"
        f" WHERE datname = '{made.name}' AND application_name LIKE 'snapper%'",
    )
    return [(pid, name) for pid, name in found]


def failure(dump: Together) -> SnapperError | None:
    try:
        dump.check()
    except SnapperError as error:
        return error
    return None


def read_all(dump: Together) -> None:
    for _ in banded.texts(dump):
        pass


def require_failed(dump: Together, words: str) -> None:
    """Whoever asks is told the same, whichever text he reads, and nothing can be stored."""
    with pytest.raises(DumpFailed, match=words):
        read_all(dump)
    for act in (dump.check, dump.commit):
        with pytest.raises(DumpFailed, match=words):
            act()


@pytest.mark.parametrize("victim", victims(1, 4))
def test_one_of_the_programs_is_killed(tools: ClientTools, three: Source, victim: int) -> None:
    with faulted(FAMILY + "a program is killed"), under_way(tools, three) as dump:
        begin(dump)
        os.kill(dumps(dump)[victim]._process.pid, signal.SIGKILL)
        eventually(lambda: failure(dump), what="nobody has noticed")
        require_failed(dump, "pg_dump was killed by SIGKILL")


@pytest.mark.parametrize("victim", victims(3)[1:4])
def test_the_session_of_one_is_ended(tools: ClientTools, three: Source, victim: int) -> None:
    with faulted(FAMILY + "a session is ended"), under_way(tools, three) as dump:
        begin(dump)
        # They are numbered as they are started: what stands around the rows first.
        (pid,) = [pid for pid, name in sessions(three) if name.endswith(f" {victim + 1}")]
        three.run(f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(DumpFailed) as failed:
            read_all(dump)
        assert "the server" in failed.value.hint
        assert failure(dump) is failed.value


def test_the_holder_of_the_snapshot_is_ended(tools: ClientTools, three: Source) -> None:
    with faulted(FAMILY + "the holder of the snapshot is ended"), under_way(tools, three) as dump:
        begin(dump)
        three.run(f"SELECT pg_terminate_backend({dump._holder._link.info.backend_pid})")
        eventually(lambda: failure(dump), what="nobody has noticed")
        require_failed(dump, "holds the snapshot of the dump was ended: terminating connection")


@pytest.mark.long
def test_the_deadline_stops_all(tools: ClientTools, three: Source) -> None:
    reason = DeadlineReached("the time is over")
    with faulted(FAMILY + "stopped at the deadline"), under_way(tools, three) as dump:
        begin(dump)
        assert dump.stop(reason)
        with pytest.raises(DeadlineReached):
            read_all(dump)
        with pytest.raises(DeadlineReached):
            dump.commit()
        dump.stop(DumpFailed("another reason"))
        assert failure(dump) is reason


@LONG
def test_the_deadline_stops_all_while_one_of_them_hangs(tools: ClientTools, three: Source) -> None:
    reason = DeadlineReached("the time is over")
    with faulted(FAMILY + "stopped at the deadline"), under_way(tools, three) as dump:
        begin(dump)
        os.kill(dumps(dump)[1]._process.pid, signal.SIGSTOP)
        stopping = threading.Thread(target=lambda: dump.stop(reason))
        stopping.start()
        for text in (*dump.bands, dump.after):
            with pytest.raises(DeadlineReached):
                list(iter(lambda: text.read(1 << 20), b""))  # noqa: B023  read at once
        stopping.join()
        assert failure(dump) is reason


def test_the_reader_has_no_more_memory(tools: ClientTools, three: Source) -> None:
    def fail() -> None:
        with under_way(tools, three) as dump:
            begin(dump)
            raise MemoryError

    with faulted(FAMILY + "the reader fails"), pytest.raises(MemoryError):
        fail()


def test_there_is_no_memory_for_a_thread(
    tools: ClientTools, three: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(_: object) -> None:
        raise RuntimeError("can't start new thread")

    dump = cast("Together", banded.started(tools, three.database(), 3))
    with faulted(FAMILY + "no memory for a thread"):
        monkeypatch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(RuntimeError), dump:
            pass
        monkeypatch.undo()
        assert all(each._process.poll() is not None for each in dumps(dump))
        eventually(lambda: not sessions(three), what="our sessions did not end")


@pytest.mark.long
def test_after_the_last_step_nobody_can_be_sure_to_stop_it(
    tools: ClientTools, three: Source
) -> None:
    with under_way(tools, three) as dump:
        read_all(dump)
        dump.commit()
        assert not dump.stop(DeadlineReached("the time is over"))


MISBEHAVIOUR = [
    ("exit 3", "exited with status 3"),
    ("exit 0", "without its end marker"),
    ('"$real" "$@" | head -c 5000000', "without its end marker"),
    ("echo '-- PostgreSQL database dump complete'; exit 0", "ended with other words"),
    ('"$real" "$@"; echo more', "ended with other words"),
    ("sleep 600", "without output: the server has no session of it any more"),
]


@pytest.mark.parametrize(
    ("script", "words"),
    [pytest.param(*each, marks=() if "$" in each[0] else LONG) for each in MISBEHAVIOUR],
)
def test_one_of_them_misbehaves(
    tools: ClientTools, three: Source, tmp_path: Path, script: str, words: str
) -> None:
    odd = fake_tools(
        tmp_path,
        f"real={tools.tool('pg_dump', 17)}; export LD_LIBRARY_PATH={tools.root / 'lib'}\n"
        f'case "$*" in *--table=*) {script};; *) exec "$real" "$@";; esac',
    )
    patience = 0.5 if script.startswith("sleep") else banded.PATIENCE
    with faulted(FAMILY + "a program misbehaves"), under_way(odd, three, patience) as dump:
        require_failed(dump, words)
