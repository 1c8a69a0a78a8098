"""Makes `.venv` and installs the pinned requirements, once; used by the launchers only.

`python bin/environment.py requirements.txt local/requirements.txt` ends at once when these files
are what was installed last. An environment that Pulumi made is completed. Two starts at the same
time wait for each other, and an interrupted one is taken up by the next. What is made is for every
user of the clone; who may only read it needs no more than that. Needs nothing but Python.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
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
    _refuse_what_is_another_users()
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
    except OSError:
        return False
    return all(same) and os.access(PYTHON, os.X_OK)


def _usable() -> bool:
    """Say whether the environment has a Python that is new enough, and a pip."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-I", "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def _refuse_what_is_another_users() -> None:
    """Exit with what to do where this user may not make what is missing."""
    for folder in (VENV, ROOT / ".cache"):
        place = folder if folder.exists() else ROOT
        if os.access(place, os.R_OK | os.W_OK | os.X_OK):
            continue
        me, owner = _name(os.geteuid()), _name(place.stat().st_uid)
        fact = f"{place} cannot be written by {me}: it belongs to {owner}"
        hint = f"let {owner} run bin/snapper --version once"
        if not os.access(place, os.R_OK | os.X_OK):
            hint = f"let {owner} type chmod -R a+rX {place}"
        elif folder == VENV and os.path.lexists(PYTHON) and not os.access(PYTHON, os.X_OK):
            fact = f"the Python of {VENV} is {os.path.realpath(PYTHON)}: {me} cannot run it"
            hint = f"let {owner} remove .venv and run bin/snapper --version with a Python for all"
        if me == _name(ROOT.stat().st_uid):
            hint = f"take it over: sudo chown -R {me} {place}"
        sys.exit(f"snapper: {fact}\nhint: {hint}, or use a clone of your own")


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time work on the environment."""
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    # Only to be locked, for which reading is enough: it may be another user's.
    lock = os.open(cache / "environment.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another start to finish its installation", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _run(what: str, command: Sequence[str]) -> None:
    """Run one step in silence but for a line that counts the seconds; show why it failed."""
    began = time.monotonic()
    moving = sys.stderr.isatty()
    environment = os.environ | {"PIP_USER": "0"}
    print(what, end="" if moving else "\n", file=sys.stderr, flush=True)
    with tempfile.TemporaryFile() as output:
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
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()[-LAST_LINES:]
    seconds = int(time.monotonic() - began)
    start = "\r" if moving else ""
    if child.returncode == 0:
        print(f"{start}{what}: done in {seconds} s", file=sys.stderr)
        return
    print(f"{start}{what}: failed after {seconds} s", *lines, sep="\n", file=sys.stderr)
    sys.exit("snapper: the environment could not be made; the lines above say why")


def _interrupted(number: int, _: object) -> None:
    print("\nsnapper: interrupted; the next start takes it up again", file=sys.stderr)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupted)
    # Another user may be next: whatever the mask, all may read what is made here.
    os.umask(os.umask(0o022) & ~0o055)
    ensure(sys.argv[1:])
