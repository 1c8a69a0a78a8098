"""A clone that one user has used serves the others, or tells them what to do."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bin.pg_dump.kept import keeping, make_folder, settle
from snapper.errors import SnapperError
from snapper.machine.unprivileged import unprivileged
from tests.bin.test_launchers import house, stand_in
from tests.support.cloud import LONGEST

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as somebody else")

USABLE = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"


def start(
    house: Path, python: Path, user: str = "root", umask: int = -1
) -> "subprocess.CompletedProcess[str]":
    account = pwd.getpwnam(user)
    return subprocess.run(
        [house / "bin/snapper", "--version"],
        env={"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": "/nonexistent"},
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        umask=umask,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )


@pytest.fixture
def python() -> Path:
    """A Python on the PATH that everybody may run."""
    nobody = pwd.getpwnam("nobody")
    for folder in os.get_exec_path():
        for found in sorted(Path(folder).glob("python3*")):
            try:
                tried = subprocess.run(
                    [found, "-I", "-c", USABLE],
                    user=nobody.pw_uid,
                    group=nobody.pw_gid,
                    extra_groups=[],
                    capture_output=True,
                )
            except OSError:
                continue
            if tried.returncode == 0:
                return found
    pytest.skip("no Python on the PATH that everybody may run")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        if closed := unprivileged().closed_parent(Path(folder)):
            pytest.skip(f"{closed} is closed to others")
        yield Path(folder)


@as_root
@pytest.mark.long
def test_what_root_has_installed_serves_everybody_whatever_the_umask(
    public: Path, python: Path
) -> None:
    made = house(public / "clone")
    assert start(made, python, umask=0o077).returncode == 0
    done = start(made, python, user="nobody")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1.17.0 ")


@pytest.mark.long
@as_root
def test_root_prefers_a_python_that_everybody_may_run(public: Path, python: Path) -> None:
    made, first = house(public / "clone"), public / "first"
    # It answers as one of root's own home would.
    stand_in(first, "python3", f'case "$*" in *st_mode*) exit 1;; esac; exec "{python}" "$@"')
    chosen = "source bin/python.sh; root=$PWD; find_python; echo $python"
    done = subprocess.run(
        ["bash", "-c", chosen],
        cwd=made,
        env={"PATH": f"{first}:{python.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(f"{python.parent}/python3")
    alone = subprocess.run(
        [shutil.which("bash") or "bash", "-c", chosen],
        cwd=made,
        env={"PATH": str(first)},
        capture_output=True,
        text=True,
    )
    assert alone.stdout == f"{first}/python3\n"


@pytest.mark.long
@as_root
def test_who_may_not_install_what_is_missing_is_told_who_may(public: Path, python: Path) -> None:
    made = house(public / "clone")
    done = start(made, python, user="nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"snapper: {made} cannot be written by nobody: it belongs to root\n"
        "hint: let root run bin/snapper --version once, or use a clone of your own\n"
    )
    (made / ".venv").mkdir(0o700)
    done = start(made, python, user="nobody")
    assert f"let root type chmod -R a+rX {made}/.venv, or use a clone" in done.stderr


@pytest.mark.long
@as_root
def test_who_owns_the_clone_is_told_how_to_take_over_what_root_made(
    public: Path, python: Path
) -> None:
    made = house(public / "clone")
    (made / ".venv").mkdir()
    os.chown(made, pwd.getpwnam("nobody").pw_uid, -1)
    done = start(made, python, user="nobody")
    assert done.returncode == 1
    assert f"hint: take it over: sudo chown -R nobody {made}/.venv, or" in done.stderr


@as_root
def test_a_python_that_only_root_may_run_is_named(public: Path, python: Path) -> None:
    made, closed = house(public / "clone"), public / "closed"
    stand_in(closed, "python3", f'exec "{python}" "$@"')
    closed.chmod(0o700)
    (made / ".venv/bin").mkdir(parents=True)
    (made / ".venv/bin/python").symlink_to(closed / "python3")
    done = start(made, python, user="nobody")
    assert done.stderr == (
        f"snapper: the Python of {made}/.venv is {closed}/python3: nobody cannot run it\n"
        "hint: let root remove .venv and run bin/snapper --version with a Python for all, "
        "or use a clone of your own\n"
    )


@pytest.mark.long
@as_root
def test_a_lock_that_root_left_behind_keeps_nobody_from_installing(
    public: Path, python: Path
) -> None:
    made = house(public / "clone")
    nobody = pwd.getpwnam("nobody")
    (made / ".cache").mkdir()
    for place in (made, made / ".cache"):
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
    (made / ".cache/environment.lock").write_text("")
    done = start(made, python, user="nobody")
    assert done.stdout.startswith("1.17.0 "), done.stderr


def test_what_is_kept_may_be_read_by_all(tmp_path: Path) -> None:
    draft, target = tmp_path / "draft", tmp_path / "cache/kept/tree"
    before = os.umask(0o077)
    try:
        make_folder(target.parent)
        (draft / "bin").mkdir(parents=True)
        (draft / "bin/tool").touch(0o700)
        (draft / "text").touch(0o600)
        (draft / "link").symlink_to("gone")
        settle(draft, target)
    finally:
        os.umask(before)
    modes = {
        place.name: place.stat().st_mode & 0o777
        for place in (tmp_path / "cache").rglob("*")
        if not place.is_symlink()
    }
    assert modes == {"kept": 0o755, "tree": 0o755, "bin": 0o755, "tool": 0o755, "text": 0o644}
    assert (target / "link").is_symlink()


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_kept_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SnapperError) as caught, keeping("a thing", tmp_path):
        raise PermissionError(13, "Permission denied")
    assert str(caught.value) == f"a thing cannot be kept in {tmp_path}: Permission denied"
    assert "a clone of your own" in caught.value.hint
