"""What is downloaded is for its user alone, and goes where nobody else has laid something out."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from snapper.errors import SettingsError
from snapper.verbs.private_file import give_name, make_private, open_private
from tests.support.faults import faulted

LINKS = "hostile neighbour: laid out for a download"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(autouse=True)
def _generous() -> object:
    """Whatever the user's umask would allow."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_it_is_made_for_this_user_alone_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for piece in (b"one", b"two"):
        with open_private(path) as file:
            file.write(piece)
            assert mode(path) == 0o600
    assert path.read_bytes() == b"onetwo"


def test_a_part_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    path.chmod(0o644)
    with open_private(path) as file:
        file.seek(0)
        assert file.read() == b"one"
    assert mode(path) == 0o600


def _linked(path: Path, other: Path) -> None:
    other.write_bytes(b"theirs")
    path.symlink_to(other)


def _hard_linked(path: Path, other: Path) -> None:
    other.write_bytes(b"theirs")
    other.chmod(0o600)
    path.hardlink_to(other)


def _writable(path: Path, other: Path) -> None:
    other.write_bytes(b"theirs")
    path.write_bytes(b"theirs")
    path.chmod(0o620)


def _theirs(path: Path, other: Path) -> None:
    other.write_bytes(b"theirs")
    path.write_bytes(b"theirs")
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, 12345)


def _fifo(path: Path, other: Path) -> None:
    other.write_bytes(b"theirs")
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("lay", "words"),
    [
        (_linked, "is a symbolic link"),
        (lambda path, other: path.symlink_to(other), "is a symbolic link"),
        (_hard_linked, "has another name too"),
        (_writable, "can be written by others"),
        (_theirs, "belongs to somebody else"),
        (_fifo, "is no plain file"),
    ],
)
def test_what_somebody_laid_there_is_not_gone_on_with(
    lay: Callable[[Path, Path], None], words: str, tmp_path: Path
) -> None:
    path, other = tmp_path / "part", tmp_path / "other"
    with faulted(LINKS):
        lay(path, other)
        before = other.read_bytes() if other.exists() else None
        with pytest.raises(SettingsError, match=words):
            open_private(path)
        assert (other.read_bytes() if other.exists() else None) == before


def test_a_draft_takes_the_place_of_a_link_and_not_of_what_it_points_to(tmp_path: Path) -> None:
    path, other = tmp_path / "part", tmp_path / "other"
    _linked(path, other)
    with faulted(LINKS):
        with make_private(path) as file:
            file.write(b"ours")
        assert (path.read_bytes(), other.read_bytes()) == (b"ours", b"theirs")
        assert mode(path) == 0o600


def test_a_name_is_given_in_place_of_nothing_that_is_there(tmp_path: Path) -> None:
    path, target = tmp_path / "part", tmp_path / "target"
    with open_private(path) as file:
        target.symlink_to(tmp_path / "nowhere")
        with faulted(LINKS), pytest.raises(SettingsError, match="exists already"):
            give_name(file, path, target)
        assert not (tmp_path / "nowhere").exists()
        target.unlink()
        give_name(file, path, target)
    assert not path.exists()
    assert mode(target) == 0o600


def test_a_part_that_was_replaced_while_it_was_written_gets_no_name(tmp_path: Path) -> None:
    path, target = tmp_path / "part", tmp_path / "target"
    with open_private(path) as file:
        path.unlink()
        path.write_bytes(b"theirs")
        with faulted(LINKS), pytest.raises(SettingsError, match="somebody else has replaced"):
            give_name(file, path, target)
    assert not target.exists()
