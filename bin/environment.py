"""Makes `.venv` and installs the pinned requirements, once; used by the launchers only.

`python bin/environment.py requirements.txt local/requirements.txt` ends at once when these files
are what was installed last. An environment that Pulumi made is completed. Two starts at the same
time wait for each other, and an interrupted one is taken up by the next. What is made is for every
user of the clone; who may only read it needs no more than that. What another user may have put
there is not believed. Needs nothing but Python.
"""

import contextlib
import fcntl
import grp
import os
import pwd
import re
import shutil
import signal
import stat
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

# The user's own package index, proxy and certificates stay theirs; a plugin of pip's, or whatever
# is run in its place, finds no key to an account and no password of a database.
_PIP_NEEDS = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|TZ|TERM|LANG|LANGUAGE|LC_\w+|XDG_\w+|NETRC"
    r"|PIP_\w+|(?i:(https?|ftp|all|no)_proxy)|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE"
    r"|DBUS_SESSION_BUS_ADDRESS|(LD|DYLD|DYLD_FALLBACK)_LIBRARY_PATH"
)


def pip_environment() -> dict[str, str]:
    """Give the environment for pip, and for any Python that works on packages: no secret of ours.

    A search path in it names no folder by where we happen to be.
    """
    kept = {name: value for name, value in os.environ.items() if _PIP_NEEDS.fullmatch(name)}
    paths = {name: kept.get(name, "") for name in kept.keys() | {"PATH"} if name.endswith("PATH")}
    kept |= {name: absolute(value) for name, value in paths.items()}
    return {**kept, "PATH": kept["PATH"] or os.defpath, "PIP_USER": "0"}


def absolute(path: str) -> str:
    """Leave out of a search path what means the current folder, or is reached from it."""
    return os.pathsep.join(filter(os.path.isabs, path.split(os.pathsep)))


def pip(python: str | Path, *arguments: str | Path) -> list[str]:
    """Give the command that runs a Python's pip: -I, so that the current folder is not imported."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    return [str(python), "-I", "-m", "pip", *map(str, arguments), *quiet]


def stranger(place: Path) -> str:
    """Say why a place may hold what another user put there; nothing if it is not there, or ours.

    Ours are root's, this user's, and those of who owns the clone, whose code we run anyhow. So it
    is with whoever else may write to the clone itself, be it everybody.
    """
    clone = ROOT.stat()
    everybody = clone.st_mode & stat.S_IWOTH and not clone.st_mode & stat.S_ISVTX
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for seen in (place.lstat(), place.stat()):  # a link, and what it leads to
            if seen.st_uid not in {0, os.geteuid(), clone.st_uid}:
                return f"belongs to {_name(seen.st_uid)}"
            if stat.S_ISLNK(seen.st_mode) or everybody:
                continue
            if seen.st_mode & stat.S_IWOTH:
                return "can be changed by every user"
            shared = clone.st_mode & stat.S_IWGRP and clone.st_gid == seen.st_gid
            if seen.st_mode & stat.S_IWGRP and not shared and not _is_alone(seen):
                return "can be changed by other users of its group"
    return ""


def _is_alone(seen: os.stat_result) -> bool:
    """Tell whether a place's group is of its owner only, as many systems make one for each user."""
    with contextlib.suppress(KeyError):
        group, owner = grp.getgrgid(seen.st_gid), _name(seen.st_uid)
        return group.gr_name == owner and not set(group.gr_mem) - {owner}
    return False


def ensure(files: Sequence[str]) -> None:
    """Bring `.venv` to hold what the files ask for; exit with a message when that fails."""
    _refuse_what_strangers_made()
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
        install = pip(PYTHON, "install", "--no-compile", "--require-hashes", "--only-binary=:all:")
        wishes = [option for file in files for option in ("--requirement", str(ROOT / file))]
        _run("installing the pinned requirements", install + wishes)
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
    check = [str(PYTHON), "-I", "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
    try:
        done = subprocess.run(check, env=pip_environment(), capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def _refuse_what_strangers_made() -> None:
    """Exit with what to do where somebody else may have prepared what we would run."""
    caches = (ROOT / ".cache" / name for name in ("authorities", "postgresql", "wheels"))
    kept = [ROOT / ".cache", *caches, ROOT / ".build"]
    packages = [*VENV.glob("lib/python3*"), *VENV.glob("lib/python3*/site-packages")]
    for place in (VENV, VENV / "bin", VENV / "lib", *packages, INSTALLED, *kept):
        with contextlib.suppress(PermissionError):  # told in its own words
            if why := stranger(place):
                _give_up(f"{place} {why}", "remove it; it is made anew")


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
        _give_up(fact, f"{hint}, or use a clone of your own")


def _give_up(fact: str, hint: str) -> None:
    sys.exit(f"snapper: {_visible(fact)}\nhint: {_visible(hint)}")


def _visible(text: str) -> str:
    r"""Write as \x1b what would act on a terminal."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


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
    lock = os.open(cache / "environment.lock", os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
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
    print(what, end="" if moving else "\n", file=sys.stderr, flush=True)
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            command, env=pip_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
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
    print(f"{start}{what}: failed after {seconds} s", file=sys.stderr)
    print(*map(_visible, lines), sep="\n", file=sys.stderr)
    sys.exit("snapper: the environment could not be made; the lines above say why")


def _interrupted(number: int, _: object) -> None:
    print("\nsnapper: interrupted; the next start takes it up again", file=sys.stderr)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupted)
    # Another user may be next: whatever the mask, all may read what is made here, none change it.
    os.umask(os.umask(0o022) & ~0o055 | 0o002)
    try:
        ensure(sys.argv[1:])
    except OSError as error:  # such as a link or a file where a folder of ours belongs
        _give_up(f"{error.filename or ROOT}: {error.strerror}", "remove it; it is made anew")
