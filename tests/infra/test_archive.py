"""Zips are byte-identical from equal contents, and programs in them stay executable."""

import stat
import zipfile
from pathlib import Path

import pytest

from infra.archive import Entry, archive, digest, write_zip
from snapper.errors import SnapperError
from tests.bin.test_kept_trees import CHANGED
from tests.support.faults import faulted

ENTRIES = [
    Entry("python/b.py", b"b = 2\n", 0o644),
    Entry("bin/pg_dump", b"\x7fELF", 0o755),
]


def test_equal_entries_make_equal_bytes_in_whatever_order_they_come(tmp_path: Path) -> None:
    write_zip(tmp_path / "one.zip", ENTRIES)
    write_zip(tmp_path / "two.zip", reversed(ENTRIES))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_members_are_sorted_of_one_date_and_keep_their_modes(tmp_path: Path) -> None:
    write_zip(tmp_path / "one.zip", ENTRIES)
    with zipfile.ZipFile(tmp_path / "one.zip") as bundle:
        assert bundle.testzip() is None
        members = bundle.infolist()
        assert [bundle.read(member) for member in members] == [b"\x7fELF", b"b = 2\n"]
    assert [member.filename for member in members] == ["bin/pg_dump", "python/b.py"]
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert [stat.filemode(member.external_attr >> 16) for member in members] == [
        "-rwxr-xr-x",
        "-rw-r--r--",
    ]


@pytest.mark.parametrize(
    "other",
    [
        Entry("python/b.py", b"b = 3\n", 0o644),
        Entry("python/c.py", b"b = 2\n", 0o644),
        Entry("python/b.py", b"b = 2\n", 0o755),
    ],
)
def test_content_name_and_mode_make_another_digest(other: Entry) -> None:
    assert digest([other]) != digest(ENTRIES[:1])


def test_what_is_there_stays_only_if_it_is_the_same(tmp_path: Path) -> None:
    first = archive(tmp_path, "functions", ENTRIES)
    right, before = first.read_bytes(), first.stat().st_ino
    assert archive(tmp_path, "functions", ENTRIES) == first
    assert first.stat().st_ino == before
    for wrong in (b"not ours", right + b" ", right.replace(b"b = 2", b"b = 3")):
        with faulted(CHANGED):
            first.write_bytes(wrong)
            assert archive(tmp_path, "functions", ENTRIES).read_bytes() == right
    with faulted(CHANGED):
        (tmp_path / "elsewhere").write_bytes(right)
        first.unlink()
        first.symlink_to(tmp_path / "elsewhere")
        assert not archive(tmp_path, "functions", ENTRIES).is_symlink()
    assert archive(tmp_path, "functions", ENTRIES[:1]) != first


def test_every_user_of_the_folder_may_read_the_zip(tmp_path: Path) -> None:
    assert archive(tmp_path, "functions", ENTRIES).stat().st_mode & 0o444 == 0o444


def test_two_files_of_one_name_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(SnapperError, match=r"two files have the name bin/pg_dump"):
        write_zip(tmp_path / "one.zip", [*ENTRIES, Entry("bin/pg_dump", b"another", 0o755)])
    assert not list(tmp_path.iterdir())
