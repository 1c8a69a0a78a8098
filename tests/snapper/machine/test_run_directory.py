"""A run's directory goes with it; what a killed one has left goes with the next."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from snapper.machine import run_directory as module
from snapper.machine.run_directory import TRIAL, remove_dead_trials, run_directory


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "tempfile", SimpleNamespace(gettempdir=lambda: str(tmp_path)))
    return tmp_path


def left(place: Path, name: str) -> Path:
    """Make what a trial leaves that was killed with its watchdog."""
    rows = place / name / TRIAL / "data"
    rows.mkdir(parents=True)
    (rows / "rows").write_text("somebody's")
    return place / name


def test_what_a_dead_trial_has_left_is_removed_and_nothing_else(temporary: Path) -> None:
    dead = left(temporary, "snapper-0badcafe")
    other = left(temporary, "others")
    (door := temporary / "snapper-deadbeef").mkdir()
    remove_dead_trials()
    assert not dead.exists()
    assert other.exists()
    assert door.exists()


def test_a_trial_that_lives_keeps_its_directory(temporary: Path) -> None:
    with run_directory() as directory:
        (directory / TRIAL).mkdir()
        remove_dead_trials()
        assert (directory / TRIAL).exists()
    assert list(temporary.iterdir()) == []


def test_no_link_leads_astray(temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = left(tmp_path_factory.mktemp("elsewhere"), "snapper-0badcafe")
    (temporary / "snapper-00000000").symlink_to(elsewhere)
    remove_dead_trials()
    assert elsewhere.exists()


def test_a_file_system_that_locks_nothing_is_no_obstacle(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with run_directory() as directory:
        assert directory.exists()
    assert list(temporary.iterdir()) == []
