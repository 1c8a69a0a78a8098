"""Children end with us, in order when we stop them and without us when we are killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from snapper.machine import children
from tests.support.cloud import eventually, lives

ROOT = Path(__file__).parents[3]
SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(3600)"]
STUBBORN = [
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready', flush=True); time.sleep(3600)",
]
# A child with a child of its own that has left the group, as PostgreSQL's backends do.
FAMILY = [
    sys.executable,
    "-S",
    "-c",
    "import subprocess, sys, time;"
    "print(subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(3600)'],"
    " start_new_session=True, stdout=subprocess.DEVNULL).pid, flush=True); time.sleep(3600)",
]


def wait_until_gone(*numbers: int) -> None:
    eventually(lambda: not any(map(lives, numbers)))


def test_a_child_leads_a_group_of_its_own() -> None:
    child = children.spawn(SLEEP)
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    assert children.stop(child) == -signal.SIGTERM


def test_a_child_outlives_the_thread_that_started_it() -> None:
    started: list[children.Child] = []
    thread = threading.Thread(target=lambda: started.append(children.spawn(SLEEP)))
    thread.start()
    thread.join()
    time.sleep(0.1)
    assert started[0].poll() is None
    children.stop(started[0])


def test_stop_kills_a_child_that_will_not_go() -> None:
    child = children.spawn(STUBBORN, stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
    assert children.stop(child, grace=0.2) == -signal.SIGKILL


def test_stop_ends_descendants_that_left_the_group() -> None:
    child = children.spawn(FAMILY, stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        grandchild = int(child.stdout.readline())
    assert lives(grandchild)
    children.stop(child)
    wait_until_gone(grandchild)


def test_stop_is_content_with_a_child_that_has_ended() -> None:
    child = children.spawn([sys.executable, "-S", "-c", "raise SystemExit(3)"])
    child.wait()
    assert children.stop(child) == children.stop(child) == 3


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_when_we_are_ended_from_outside(
    how: signal.Signals, tmp_path: Path
) -> None:
    litter = tmp_path / "run"
    litter.mkdir()
    (litter / "file").write_text("x")
    program = (
        "import subprocess, sys, time, pathlib; from snapper.machine import children;"
        f"one = children.spawn({FAMILY!r}, stdout=subprocess.PIPE);"
        f"two = children.spawn({STUBBORN!r}, stdout=subprocess.PIPE); two.stdout.readline();"
        f"children.remove_at_end(pathlib.Path({str(litter)!r}));"
        "print(one.pid, int(one.stdout.readline()), two.pid, children._watchdog._process.pid,"
        " flush=True); time.sleep(3600)"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert maker.stdout is not None
    with maker.stdout:
        numbers = [int(word) for word in maker.stdout.readline().split()]
    assert len(numbers) == 4
    assert all(map(lives, numbers))
    maker.send_signal(how)
    maker.wait()
    wait_until_gone(*numbers)
    assert not litter.exists()  # of the numbers the watchdog's is one


def test_a_clean_end_leaves_no_watchdog() -> None:
    program = (
        "from snapper.machine import children; import sys;"
        f"children.spawn({SLEEP!r}); print(children._watchdog._process.pid)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    wait_until_gone(int(done.stdout))
