"""The demo against its surroundings: whatever they do, it ends in plain words and leaves nothing.

Its own story and the common interruptions are in tests/local/demo/test_story.py.
"""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from local.emulator.cloud import Cloud
from snapper.engines.postgresql.conninfo import libpq
from snapper.engines.postgresql.trying import throw_away as postgres
from snapper.engines.postgresql.trying.cluster import free_port
from snapper.machine.run_directory import run_directory
from tests.support.databases import Source
from tests.support.demos import (
    NONSENSE,
    SECONDS,
    Ended,
    assert_nothing_is_left,
    finished,
    interrupted,
    started,
)
from tests.support.faults import faulted

SURROUNDINGS = "embedded cloud: hostile surroundings"
INTERRUPTIONS = "embedded cloud: interrupted or killed"

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
STEPS = ("getting", "starting", "deploying", "run 1", "run 2", "restoring", "destroying")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture
def room() -> Iterator[Path]:
    with run_directory() as directory:
        yield directory


def assert_proven(ended: Ended) -> None:
    assert ended.code == 0, ended.err[-2000:]
    assert all(one["identical"] for one in json.loads(ended.out)["databases"])


def assert_told(ended: Ended) -> None:
    """It failed in plain words."""
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "error: " in ended.err + ended.out


@pytest.mark.long
def test_nothing_in_the_users_shell_or_profile_disturbs_it(room: Path) -> None:
    room_with_spaces = room / "a room with spaces"
    room_with_spaces.mkdir(mode=0o711)
    broken = room / "config"
    broken.write_text("[default]\nregion = [\n[profile broken\n")
    with faulted(SURROUNDINGS):
        env = {**NONSENSE, "AWS_CONFIG_FILE": str(broken), "TMPDIR": str(room_with_spaces)}
        homeless = ("env", "-u", "HOME")
        assert_proven(finished(room, "--runs", "1", "--json", env=env, before=homeless))
        assert_nothing_is_left(room_with_spaces)


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGTERM, "getting"),
        pytest.param(signal.SIGHUP, "deploying", marks=pytest.mark.long),
        pytest.param(signal.SIGINT, "run 1", marks=pytest.mark.long),
    ],
)
def test_a_signal_ends_it_with_nothing_left(
    room: Path, number: signal.Signals, moment: str
) -> None:
    assert_interruption(room, number, moment)


@pytest.mark.long
@pytest.mark.parametrize("delay", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("moment", STEPS)
def test_a_signal_at_any_moment_ends_it_with_nothing_left(
    room: Path, moment: str, delay: float
) -> None:
    number = signal.SIGTERM if delay == 0.3 else signal.SIGINT
    assert_interruption(room, number, moment, delay)


@pytest.mark.long
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.3, 0.5])
def test_a_signal_before_its_first_word_ends_it_too(room: Path, delay: float) -> None:
    with faulted(INTERRUPTIONS):
        ended = interrupted(room, signal.SIGTERM, "", delay)
        # In its first moments the interpreter itself is all that there is to interrupt.
        assert ended.code in {CODES[signal.SIGTERM], -signal.SIGTERM}
        assert_nothing_is_left(room)


@pytest.mark.long
@pytest.mark.parametrize("delay", [0.0, 0.7])
@pytest.mark.parametrize("moment", STEPS)
def test_a_kill_at_any_moment_leaves_nothing(room: Path, moment: str, delay: float) -> None:
    with faulted(INTERRUPTIONS):
        interrupted(room, signal.SIGKILL, moment, delay)
        assert_nothing_is_left(room, killed=True)


def assert_interruption(room: Path, number: signal.Signals, moment: str, delay: float = 0) -> None:
    with faulted(INTERRUPTIONS):
        ended = interrupted(room, number, moment, delay)
        # It may have been faster than the signal.
        if ended.code != 0 or not delay:
            assert ended.code == CODES[number], ended.err
            assert ended.err.endswith(f"error: interrupted by {number.name}\n")
            assert ended.out == ""
        assert "Traceback" not in ended.err
        assert_nothing_is_left(room)


@contextmanager
def disk(size: str) -> Iterator[Path]:
    """A file system of this size; it goes with the test."""
    with run_directory() as directory:
        options = f"size={size},mode=1777"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], check=True)
        try:
            yield directory
        finally:
            subprocess.run(["umount", "--lazy", directory], check=True)


@pytest.mark.long
@AS_ROOT
@pytest.mark.parametrize(
    "size",
    ["64k", *(f"{n}m" for n in (25, 70, 90, 110, 130))],
)
def test_a_full_disk_is_told_in_plain_words(size: str) -> None:
    with faulted(SURROUNDINGS), disk(size) as room:
        ended = finished(room, "--runs", "2")
        assert_told(ended)
        # A server whose journal finds no room dies without a word to its client.
        words = ended.out + ended.err
        assert "No space left on device" in words or "MB in TMPDIR" in words
        assert_nothing_is_left(room)


@pytest.mark.long
def test_a_room_that_cannot_be_written_is_told(room: Path) -> None:
    closed = room / "closed"
    closed.write_text("a file where a folder should be")
    with faulted(SURROUNDINGS):
        # As every program does, it then takes another of the system's temporary folders.
        assert finished(closed, "--help").code == 0
    with faulted(SURROUNDINGS), run_directory() as other:
        with started(other, "--keep", env={"TMPDIR": str(closed)}) as child:
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=SECONDS)
        assert_nothing_is_left(other)


def test_its_own_servers_are_reached_whatever_the_shell_says_of_others(
    server: Callable[[int], postgres.PostgresServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in NONSENSE.items():
        monkeypatch.setenv(name, value)
    with faulted(SURROUNDINGS):
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(server(17).dsn())
        with libpq.told_nothing(), closing(psycopg2.connect(server(17).dsn())) as link:
            assert link.info.dbname == "postgres"
        assert os.environ["PGSERVICE"] == "nonsense"


@pytest.mark.long
def test_a_very_long_path_is_no_obstacle(room: Path) -> None:
    deep = room.joinpath(*["d" * 60] * 4)
    deep.mkdir(parents=True)
    for folder in deep.relative_to(room).parents:
        (room / folder).chmod(0o711)
    deep.chmod(0o711)
    with faulted(SURROUNDINGS):
        assert_proven(finished(deep, "--runs", "1", "--json"))
        assert_nothing_is_left(deep)


@pytest.mark.long
@AS_ROOT
def test_it_needs_no_network(room: Path) -> None:
    alone = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    with faulted(SURROUNDINGS):
        assert_proven(finished(room, "--runs", "1", "--json", before=alone))
        assert_nothing_is_left(room)


@pytest.mark.long
def test_whoever_stops_listening_does_not_keep_it_from_clearing_up(room: Path) -> None:
    with faulted(SURROUNDINGS):
        with started(room, "--runs", "1") as child:
            assert child.stdout is not None
            assert child.stderr is not None
            child.stdout.close()
            err = child.stderr.read()
        assert "Traceback" not in err
        assert child.returncode != 0
        assert_nothing_is_left(room)


@pytest.mark.long
def test_demos_side_by_side_do_not_meet() -> None:
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        rooms = [stack.enter_context(run_directory()) for _ in range(2)]
        demos = [pool.submit(finished, room, "--runs", "2", "--json") for room in rooms]
        for room, demo in zip(rooms, demos, strict=True):
            with faulted(SURROUNDINGS):
                assert_proven(demo.result())
                assert_nothing_is_left(room)


def test_a_port_that_is_taken_meanwhile_is_no_obstacle(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, run_directory() as directory:
        offers = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr(postgres, "free_port", lambda: next(offers))
        with (
            faulted(SURROUNDINGS),
            postgres.PostgresServer(17, directory / "server", tcp=True) as server,
        ):
            assert Source(server, "postgres").rows("SELECT 1") == [(1,)]
            assert server.port != taken.getsockname()[1]


def test_the_cloud_takes_its_port_before_anybody_is_told_of_it(tmp_path: Path) -> None:
    with faulted(SURROUNDINGS), Cloud.start(tmp_path) as cloud:
        host, port = cloud.address.split(":")
        with pytest.raises(OSError, match="in use"), socket.create_server((host, int(port))):
            pass
