"""A drill is out of time, of disk, of memory, or its server is killed: nothing false is said."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from local.emulator.cloud import Cloud
from snapper.machine.watchdog import process_table
from snapper.values.deadline import RESERVE
from tests.reliability.test_drill_aws_calls import is_proof
from tests.support.cloud import eventually
from tests.support.databases import Source
from tests.support.fault_deaths import at_work, drill_apart
from tests.support.fault_drills import Drills
from tests.support.faults import faulted

MIB = 1 << 20

# Where it is restored, it stops at the second row until somebody ends it.
HELD = """
CREATE FUNCTION goes_on(n int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE held (n int CHECK (goes_on(n)));
INSERT INTO held SELECT generate_series(1, 3);
CREATE OR REPLACE FUNCTION goes_on(n int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF n = 2 THEN PERFORM pg_catalog.pg_sleep(3600); END IF;
    RETURN true;
END $$;
"""
BULKY = "CREATE TABLE t AS SELECT n, repeat(md5(n::text), 9) AS m FROM generate_series(1, 60000) n"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")


@pytest.fixture
def held(cloud: Cloud, source: Callable[..., Source]) -> Drills:
    return Drills.make(cloud, source(17, HELD))


@pytest.fixture
def bulky(cloud: Cloud, source: Callable[..., Source]) -> Drills:
    return Drills.make(cloud, source(17, BULKY))


@pytest.mark.long
def test_out_of_time_it_is_told_with_the_time_that_was_expected(held: Drills) -> None:
    with faulted("drills: out of time"):
        # However slow the machine is, it does not come to an end by itself.
        with mock.patch("snapper.verbs.drill.misfit", return_value=""):
            drilled = held.drill(seconds=RESERVE + 2)
        assert drilled.acknowledged
        assert drilled.names == ["drill.began", "drill.skipped"]
        reason = drilled.reported("drill.skipped")[0]["reason"]
        assert re.fullmatch(r"it ran out of time after \d+ s, and 30 s were expected", reason)
        says_nothing(held)


@pytest.mark.parametrize(
    "whole",
    [pytest.param(False, marks=pytest.mark.long, id="one session"), pytest.param(True, id="all")],
)
def test_its_server_is_killed(whole: bool, held: Drills) -> None:
    with faulted("drills: the server is killed"):
        killer = threading.Thread(target=kill_server, args=(held.temporary, whole), daemon=True)
        killer.start()
        drilled = held.drill()
        killer.join()
        assert not drilled.acknowledged
        assert drilled.names == ["drill.began", "drill.untried"]
        says_nothing(held)


@AS_ROOT
@pytest.mark.parametrize(
    "size", [30, *(pytest.param(each, marks=pytest.mark.long) for each in (4, 60, 70, 85, 100))]
)
def test_out_of_disk_it_comes_back(size: int, bulky: Drills) -> None:
    with faulted("drills: out of disk"), disk(bulky.temporary, size):
        drilled = bulky.drill()
        if not drilled.acknowledged:
            assert drilled.names == ["drill.began", "drill.untried"]
            says_nothing(bulky)
        else:
            assert all(is_proof(verdict) for verdict in bulky.check())


@pytest.mark.long
def test_out_of_memory_it_comes_back(bulky: Drills) -> None:
    ends = set()
    for mebibytes in (8, 32, 64, 96, 128, 192, 256, 512, 1024, 4096):
        with faulted("drills: memory limited by the kernel"):
            bulky.furnish()
            end = drill_apart(bulky, memory=mebibytes * MIB)
            eventually(lambda: not at_work(bulky.temporary), what="a process is left")
            done = end.came is not None and end.came.acknowledged
            ends.add(done)
            verdicts = bulky.verdicts()
            assert all(verdict.sound and verdict.failed is None for verdict in verdicts)
            assert not done or all(is_proof(verdict) for verdict in verdicts)
            assert bulky.taken_letters() == []
    assert ends == {True, False}, "the limits must bite now and then"


def says_nothing(drills: Drills) -> None:
    """It was read whole, and of restoring it nothing is known; nobody and nothing is left."""
    for verdict in drills.check():
        assert (verdict.sound, verdict.restored, verdict.failed) == (True, None, None)
    assert drills.taken_letters() == []
    eventually(lambda: not at_work(drills.temporary), what="a process is left")


def kill_server(folder: Path, whole: bool) -> None:
    """Kill the session that restores rows, as a kernel that has no memory does, or all of it."""

    def sessions() -> list[int]:
        return [number for number in at_work(folder) if b"COPY" in title(number)]

    (session,) = eventually(sessions)
    os.kill(process_table()[session].parent if whole else session, signal.SIGKILL)


def title(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """Have a folder be a file system of this size for a while."""
    options = f"size={mebibytes}m,mode=0711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
