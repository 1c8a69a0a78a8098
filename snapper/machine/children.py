"""Child processes that never outlive us, whatever ends us.

Every child leads a session of its own, so that a Ctrl-C in the terminal reaches only us and we end
the children in order. If we are killed without a chance to do so, the watchdog does it for us.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from snapper.machine import python, watchdog

ROOT = python.ROOT
Stream = int | IO[bytes]
Child = subprocess.Popen[bytes]


class _Watchdog:
    """The pipe to our watchdog, which is started with the first child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Child | None = None
        self._pipe: IO[str] | None = None

    def note(self, **note: object) -> None:
        """Tell the watchdog; it reads the note even if we die right after."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            if self._pipe is None:
                self._pipe = self._start()
            print(json.dumps(note), file=self._pipe, flush=True)

    def _start(self) -> IO[str]:
        ours, its = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-S", *python.running_alone(watchdog.__file__)],
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), **python.environment()},
            stdin=ours,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(ours)
        atexit.register(self.close)
        return os.fdopen(its, "w")

    def close(self) -> None:
        """Let the watchdog end what is left now, and see it gone: nothing of ours stays behind."""
        with self._lock, contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
            if self._pipe and self._process:
                self._pipe.close()
                self._process.wait(3 * watchdog.GRACE)
                self._pipe = None


_watchdog = _Watchdog()


def spawn(
    command: Sequence[str | os.PathLike[str]],
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
    user: int | None = None,
    group: int | None = None,
    farewell: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a child in its own session, tied to our life.

    `user` and `group` are for root only and drop its other groups. `farewell` is the signal that
    the child gets should we die; two seconds later it is killed with all its descendants.
    """
    child = subprocess.Popen(
        command,
        env=environment,
        cwd=directory,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        start_new_session=True,
    )
    if entry := watchdog.process_table().get(child.pid):
        _watchdog.note(watch=child.pid, born=entry.born, signal=farewell)
    return child


def stop(child: Child, grace: float = 2.0, farewell: signal.Signals = signal.SIGTERM) -> int:
    """Ask the child's group to end, kill it and all descendants after `grace` seconds.

    Gives the exit status; does nothing more than that for a child that has ended and left nobody.
    """
    members = watchdog.family([child.pid])
    if child.returncode is not None and child.pid in members:
        return child.returncode  # a stranger has inherited the number, so nobody of ours is left
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, farewell)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(grace)
    # Who leads is gone or will not go; whoever followed has no reason to stay.
    watchdog.end(members | watchdog.family([child.pid]), 0.0)
    status = child.wait()
    _watchdog.note(forget=child.pid)
    return status


def remove_at_end(directory: Path) -> None:
    """Have the directory removed if we die before we can do so ourselves."""
    _watchdog.note(remove=str(directory))
