"""Another user of the machine prepares a clone's environment and caches: none of it is used."""

import os
import pwd
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bin import environment
from bin.pg_dump.kept import keeping
from snapper.errors import SnapperError
from tests.bin.test_launchers import house, stand_in
from tests.bin.test_other_users import as_root, start
from tests.bin.test_other_users import public as public
from tests.bin.test_other_users import python as python
from tests.support.faults import faulted
from tests.support.few import few

PREPARED = "hostile neighbour: what was prepared in a clone"
NOBODY = pwd.getpwnam("nobody")

pytestmark = as_root


def give(place: Path) -> None:
    os.chown(place, NOBODY.pw_uid, -1, follow_symlinks=False)


def make_venv(clone: Path, trace: Path) -> None:
    """A Python that says yes to everything, and whatever it is told to run is its own."""
    stand_in(clone / ".venv/bin", "python", f": >'{trace}'; exit 0")
    for file in ("requirements.txt", "local/requirements.txt"):
        (clone / ".venv/snapper/local").mkdir(parents=True, exist_ok=True)
        shutil.copy(clone / file, clone / ".venv/snapper" / file)


def its_own(clone: Path) -> None:
    for place in (clone / ".venv", *(clone / ".venv").rglob("*")):
        give(place)


def behind_a_link_of_its_own(clone: Path) -> None:
    (clone / ".venv").rename(clone.parent / "elsewhere")
    (clone / ".venv").symlink_to(clone.parent / "elsewhere")
    give(clone / ".venv")


def open_to_all(clone: Path) -> None:
    (clone / ".venv").chmod(0o777)


def with_an_open_folder_of_programs(clone: Path) -> None:
    (clone / ".venv/bin").chmod(0o757)


def open_to_a_group(clone: Path) -> None:
    os.chown(clone / ".venv/bin", -1, NOBODY.pw_gid)
    (clone / ".venv/bin").chmod(0o775)


def with_a_mark_of_its_own(clone: Path) -> None:
    give(clone / ".venv/snapper")


def with_packages_of_its_own(clone: Path) -> None:
    (clone / ".venv/lib/python3.11/site-packages").mkdir(parents=True)
    give(clone / ".venv/lib/python3.11/site-packages")


@pytest.mark.long
@pytest.mark.parametrize(
    "prepared",
    few(
        [
            *(open_to_all, its_own, behind_a_link_of_its_own),
            *(with_an_open_folder_of_programs, open_to_a_group),
        ]
    ),
)
@pytest.mark.parametrize("clone_for_all", [pytest.param(False, marks=pytest.mark.long), True])
def test_the_python_of_a_prepared_environment_is_not_run(
    prepared: Callable[[Path], None], clone_for_all: bool, public: Path, python: Path
) -> None:
    made, trace = house(public / "clone"), public / "trace"
    make_venv(made, trace)
    if clone_for_all:  # where only what is the neighbour's can be told from the rest
        made.chmod(0o1777)
    prepared(made)
    with faulted(PREPARED):
        done = start(made, python)
        assert not trace.exists()
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"snapper: {made}/.venv")
        assert done.stderr.endswith("hint: remove it; it is made anew\n")


@pytest.mark.parametrize("prepared", few([with_a_mark_of_its_own, with_packages_of_its_own]))
def test_an_environment_is_not_completed_around_what_is_anothers(
    prepared: Callable[[Path], None], public: Path, python: Path
) -> None:
    made = house(public / "clone")
    make_venv(made, public / "trace")
    stand_in(made / ".venv/bin", "python", f'exec "{python}" "$@"')
    prepared(made)
    with faulted(PREPARED):
        done = start(made, python)
        assert done.returncode == 1
        assert "belongs to nobody\nhint: remove it" in done.stderr


@pytest.mark.parametrize(
    "folder",
    [
        ".cache/postgresql",
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in (".cache", ".cache/authorities", ".cache/wheels", ".build")
        ),
    ],
)
@pytest.mark.parametrize(
    "how", [pytest.param(give, marks=pytest.mark.long), lambda place: place.chmod(0o777)]
)
def test_a_prepared_cache_is_refused(
    folder: str, how: Callable[[Path], None], public: Path, python: Path
) -> None:
    made = house(public / "clone")
    (made / folder).mkdir(parents=True)
    how(made / folder)
    with faulted(PREPARED):
        done = start(made, python)
        assert done.returncode == 1
        assert done.stderr.startswith(f"snapper: {made}/{folder} ")
    with (
        faulted(PREPARED),
        pytest.raises(SnapperError, match=r"belongs to nobody|by every user"),
        keeping("a thing", made / folder),
    ):
        pytest.fail("it was taken")


def test_what_the_owner_of_the_clone_made_is_taken(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = public / "clone"
    (clone / ".cache").mkdir(parents=True)
    monkeypatch.setattr(environment, "ROOT", clone)
    for place in (clone, clone / ".cache"):
        give(place)
    assert environment.stranger(clone / ".cache") == ""
    assert environment.stranger(clone / "not there") == ""
    # As it is with a mask of 002, or on a file system that knows no modes.
    for mode in (0o775, 0o777):
        clone.chmod(mode)
        (clone / ".cache").chmod(mode)
        assert environment.stranger(clone / ".cache") == ""


@pytest.mark.long
def test_a_name_in_a_message_does_nothing_to_the_terminal(public: Path, python: Path) -> None:
    made = house(public / "a\x1b]0;b\x07")
    make_venv(made, public / "trace")
    its_own(made)
    with faulted(PREPARED):
        assert f"{public}/a\\x1b]0;b\\x07/.venv belongs to" in start(made, python).stderr
