"""What stands between a confined program and the machine; each wall is tried for itself."""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from snapper.machine import children, confined, landlock, system_calls, watchdog
from snapper.machine.confined import Room, Walls
from tests.support.cloud import eventually
from tests.support.faults import faulted

# Python's own programs and libraries, wherever they are, and what a program of ours asks for.
HERE = {str(Path(prefix).resolve()) for prefix in (sys.prefix, sys.base_prefix)}
PYTHON = str(Path(sys.executable).resolve())

BARRED = "PermissionError"

FILES = pytest.mark.skipif(not Walls.here().files, reason="the kernel has no Landlock")
NETWORK = pytest.mark.skipif(
    not Walls.here().network, reason="the kernel filters no system calls here"
)


def attempt(code: str, room: Path, walls: Walls, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run Python behind these walls; gives `done`, or the kind of error."""
    monkeypatch.setattr(Walls, "here", classmethod(lambda _: walls))
    lines = (
        f"try:\n exec({code!r})\n print('done')\nexcept Exception as e:\n print(type(e).__name__)"
    )
    reads = [*HERE, os.fspath(Path(PYTHON).parent)]
    command = confined.confined([PYTHON, "-I", "-S", "-c", lines], Room(reads, [], [str(room)]))
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@FILES
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("open('{room}/own', 'w').write('x'); open('{room}/own').read()", "done"),
        ("import os; os.mkdir('{room}/d'); os.rename('{room}/d', '{room}/e')", "done"),
        ("open('/dev/null', 'w').write('x')", "done"),
        ("open('{beside}/secret').read()", BARRED),
        ("open('{beside}/secret', 'w')", BARRED),
        ("import os; os.truncate('{beside}/secret', 0)", BARRED),
        ("import os; os.unlink('{beside}/secret')", BARRED),
        ("import os; os.listdir('{beside}')", BARRED),
        ("import os; os.link('{beside}/secret', '{room}/link')", "OSError"),
        (
            "import os; os.symlink('{beside}/secret', '{room}/sym'); open('{room}/sym')",
            BARRED,
        ),
        ("open('/etc/passwd')", BARRED),
        ("import os; os.listdir('{home}')", BARRED),
        ("import os; os.listdir('/proc')", BARRED),
        ("open('/proc/self/environ')", BARRED),
        ("open('/proc/{maker}/environ')", BARRED),
        ("import os; os.kill({maker}, 0)", BARRED),
        ("import subprocess; subprocess.run(['{beside}/program'])", BARRED),
        (
            "import os; open('{room}/p', 'w').write('#!/bin/sh'); os.chmod('{room}/p', 0o755);"
            "import subprocess; subprocess.run(['{room}/p'])",
            BARRED,
        ),
    ],
)
def test_the_wall_of_files_holds_by_itself(
    code: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, beside = tmp_path / "room", tmp_path / "beside"
    room.mkdir()
    beside.mkdir()
    (beside / "secret").write_text("kept")
    shutil.copy("/bin/true", beside / "program")
    if "kill" in code and landlock.version() < 6:
        pytest.skip("this kernel's Landlock knows no signals")
    made = code.format(room=room, beside=beside, home=Path.home(), maker=os.getpid())
    with faulted("hostile code: any program, behind the wall of files alone"):
        assert (
            attempt(made, room, Walls(files=landlock.version(), network=False), monkeypatch)
            == outcome
        )
        assert (beside / "secret").read_text() == "kept"


@NETWORK
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("s = socket.socket(socket.AF_UNIX); s.bind('{room}/s'); s.listen()", "done"),
        ("socket.socket(socket.AF_INET)", BARRED),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", BARRED),
        ("socket.socket(socket.AF_INET6)", BARRED),
        ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", BARRED),
        ("socket.getaddrinfo('db.example.com', 5432)", "gaierror"),
        ("socket.socket(socket.AF_UNIX).connect('{door}')", BARRED),
        ("socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', '{door}')", BARRED),
        ("socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)", BARRED),
        ("socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)", BARRED),
        ("socket.socketpair()", "done"),
    ],
)
def test_the_wall_of_the_network_holds_by_itself(
    code: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door"))
        door.listen()
        made = f"import socket; {code.format(room=tmp_path, door=tmp_path / 'door')}"
        door.settimeout(0)
        with faulted("hostile code: any program, behind the wall of the network alone"):
            assert attempt(made, tmp_path, Walls(files=0, network=True), monkeypatch) == outcome
            with pytest.raises(BlockingIOError):
                door.accept()


@NETWORK
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("os.chmod('{file}', 0o777)", "done"),  # so it is told
        ("os.truncate('{file}', 0)", "done"),
        ("os.utime('{file}')", BARRED),
        ("os.setxattr('{file}', 'user.x', b'x')", BARRED),
        ("os.chown('{file}', os.getuid(), os.getgid())", BARRED),
        ("os.setpriority(os.PRIO_PROCESS, {maker}, 19)", BARRED),
        ("os.sched_setaffinity({maker}, [0])", BARRED),
        ("import resource; resource.prlimit({maker}, resource.RLIMIT_CPU, (0, 0))", BARRED),
        ("import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))", "done"),
        ("os.memfd_create('program')", BARRED),
        ("assert call({keyctl}, 0, -3, 0) < 0", "done"),
        ("assert call({execveat}, -100, b'/bin/true', 0, 0, 0) < 0", "done"),
        ("assert call({ptrace}, 16, {maker}, 0, 0) < 0", "done"),
    ],
)
def test_what_is_left_of_one_users_rights_over_what_is_theirs(
    code: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Landlock knows none of it; the program runs as the same user as we do."""
    file = tmp_path / "file"
    file.write_text("kept")
    file.chmod(0o600)
    before, nice = file.stat(), os.getpriority(os.PRIO_PROCESS, 0)
    cores = os.sched_getaffinity(0)
    _, calls = system_calls._ARCHITECTURES[platform.machine()]
    made = "import ctypes, os; call = ctypes.CDLL(None).syscall; " + code.format(
        file=file, maker=os.getpid(), **calls
    )
    with faulted("hostile code: any program, behind the filter of calls alone"):
        assert attempt(made, tmp_path, Walls(files=0, network=True), monkeypatch) == outcome
        assert file.read_text() == "kept"
        after = file.stat()
        assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
        assert os.getpriority(os.PRIO_PROCESS, 0) == nice
        assert os.sched_getaffinity(0) == cores


@pytest.mark.parametrize("code", ["open('/etc/passwd')", "import socket; socket.socket()"])
def test_without_walls_the_same_attempts_succeed(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the tests above would show nothing."""
    assert attempt(code, tmp_path, Walls(files=0, network=False), monkeypatch) == "done"


@FILES
@NETWORK
def test_whatever_it_starts_is_behind_the_same_walls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = "import socket\ntry: socket.socket()\nexcept PermissionError: print('no')"
    code = (
        "import subprocess;"
        f"ran = subprocess.run([{PYTHON!r}, '-I', '-S', '-c', {inner!r}], capture_output=True);"
        "assert ran.stdout == b'no\\n', ran"
    )
    assert (
        attempt(code, tmp_path, Walls(files=landlock.version(), network=True), monkeypatch)
        == "done"
    )


def test_it_has_no_variable_of_ours_and_no_memory_of_it_is_dumped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, resource; assert not {'AWS_SECRET_ACCESS_KEY'} & set(os.environ);"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)"
    )
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never seen")
    assert attempt(code, tmp_path, Walls.here(), monkeypatch) == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for what a process leaves behind")
def test_what_gets_away_from_it_is_ended_with_it(tmp_path: Path) -> None:
    """As machine code could: a child that is nobody's any more, in a session of its own."""
    stray = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        " os.setsid()\n"
        " if os.fork(): os._exit(0)\n"
        f" open({str(tmp_path / 'stray')!r}, 'w').write(str(os.getpid()) + '.')\n"
        "time.sleep(3600)"
    )
    reads = [*HERE, os.fspath(Path(PYTHON).parent)]
    room = Room(reads, [], [str(tmp_path)])
    child = children.spawn(confined.confined([PYTHON, "-I", "-S", "-c", stray], room))
    told = tmp_path / "stray"
    eventually(lambda: told.exists() and told.read_text().endswith("."))
    left = watchdog.process_table([int(told.read_text().rstrip("."))])
    assert left
    eventually(lambda: watchdog.process_table(left)[min(left)].parent == child.pid)
    children.stop(child)
    assert not watchdog.alive(left)


@pytest.mark.parametrize(
    ("walls", "words"),
    [
        (Walls(files=7, network=True), ()),
        (Walls(files=0, network=True), ("no Landlock",)),
        (Walls(files=7, network=False), ("does not filter system calls",)),
        (Walls(files=0, network=False), ("no Landlock", "does not filter system calls")),
    ],
)
def test_a_wall_that_cannot_be_had_is_named(walls: Walls, words: tuple[str, ...]) -> None:
    missing = walls.missing()
    assert len(missing) == len(words)
    assert all(word in gap for word, gap in zip(words, missing, strict=True))


def test_an_older_landlock_does_not_keep_signals_in(monkeypatch: pytest.MonkeyPatch) -> None:
    older = Walls(files=5, network=True)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "ending your other processes" in older.missing()[0]
    # What root starts runs as a user of its own.
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert older.missing() == ()


def test_there_are_none_on_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert landlock.version() == 0
    assert not system_calls.possible()


def test_what_the_kernel_refuses_after_all_is_not_run_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("refused")

    ran: list[object] = []
    monkeypatch.setattr("os.execv", lambda *command: ran.append(command))
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
    monkeypatch.setattr("ctypes.CDLL", lambda _: SimpleNamespace(prctl=refuse))
    walls = {"files": True, "network": True}
    rules = json.dumps({"room": asdict(Room([], [], [])), "walls": walls})
    with pytest.raises(SystemExit, match="/bin/true cannot be confined: refused"):
        confined.become(rules, ["/bin/true"])
    assert not ran
