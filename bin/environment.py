"""Makes `.venv` and installs the pinned requirements, once; used by the launchers only.

`python bin/environment.py requirements.txt local/requirements.txt` ends at once when these files
are what was installed last. An environment that Pulumi made is completed. Two starts at the same
time wait for each other, and an interrupted one is taken up by the next. Needs nothing but Python.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / "snapper"
"""Copies of the requirement files as they were when their installation had ended well."""
LAST_LINES = 15


def ensure(files: Sequence[str]) -> None:
    """Bring `.venv` to hold what the files ask for; exit with a message when that fails."""
    if _complete(files):
        return
    with _alone():
        if _complete(files):
            return
        if not _usable():
            base = getattr(sys, "_base_executable", sys.executable)
            _run("making .venv", [base, "-I", "-m", "venv", "--clear", str(VENV)])
        shutil.rmtree(INSTALLED, ignore_errors=True)
        # Compiling all of pulumi-aws takes longer than installing it; the little that is used is
        # compiled when it is imported.
        pip = [str(PYTHON), "-I", "-m", "pip", "install", "--quiet", "--no-compile"]
        pip += ["--disable-pip-version-check", "--no-input"]
        wishes = [option for file in files for option in ("--requirement", str(ROOT / file))]
        _run("installing the pinned requirements", pip + wishes)
        for file in files:
            copy = INSTALLED / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, copy)


def _complete(files: Sequence[str]) -> bool:
    try:
        same = [(ROOT / file).read_bytes() == (INSTALLED / file).read_bytes() for file in files]
    except FileNotFoundError:
        return False
    return all(same) and os.access(PYTHON, os.X_OK)


def _usable() -> bool:
    """Say whether the environment has a Python that is new enough, and a pip."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-I", "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time work on the environment."""
    cache = ROOT / ".cache"
    try:
        cache.mkdir(exist_ok=True)
        lock = (cache / "environment.lock").open("w")
    except OSError as error:
        sys.exit(f"snapper: {cache} cannot be written: {error.strerror}; use a clone of your own")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another start to finish its installation", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(what: str, command: Sequence[str]) -> None:
    """Run one step in silence but for a line that counts the seconds; show why it failed."""
    began = time.monotonic()
    moving = sys.stderr.isatty()
    environment = os.environ | {"PIP_USER": "0"}
    log = ROOT / ".cache" / "environment.log"
    print(what, end="" if moving else "\n", file=sys.stderr, flush=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while child.poll() is None:
                if moving:
                    seconds = int(time.monotonic() - began)
                    print(f"\r{what} … {seconds} s", end="", file=sys.stderr, flush=True)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(1)
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    seconds = int(time.monotonic() - began)
    start = "\r" if moving else ""
    if child.returncode == 0:
        print(f"{start}{what}: done in {seconds} s", file=sys.stderr)
        return
    lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
    print(f"{start}{what}: failed after {seconds} s", *lines, sep="\n", file=sys.stderr)
    sys.exit("snapper: the environment could not be made; the lines above say why")


def _interrupted(number: int, _: object) -> None:
    print("\nsnapper: interrupted; the next start takes it up again", file=sys.stderr)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupted)
    ensure(sys.argv[1:])
