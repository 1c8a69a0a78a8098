"""What lies in the cache is known again before it is run, or fetched again."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bin.pg_dump import fetch, layer, lock
from bin.pg_dump.platforms import Platform
from bin.pg_dump.tree import Known, tree_digest
from snapper.errors import SnapperError
from tests.bin.test_fetch import HERE, Index
from tests.bin.test_fetch import index as index
from tests.support.faults import faulted

CHANGED = "hostile neighbour: changes of what is kept"


def change_a_byte(tree: Path) -> None:
    """With the size and the times that it had."""
    program = tree / "bin/pg_dump"
    was = program.stat()
    program.write_bytes(program.read_bytes().replace(b"pg", b"gp"))
    os.utime(program, ns=(was.st_atime_ns, was.st_mtime_ns))


def add_a_library(tree: Path) -> None:
    (tree / "lib/libssl.so.3").write_bytes(b"mine")


def replace_a_link(tree: Path) -> None:
    (tree / "lib/libpq.so.5").unlink()
    (tree / "lib/libpq.so.5").symlink_to("/tmp/libpq.so.5")


def replace_a_file_by_a_link(tree: Path) -> None:
    shutil.copy(tree / "bin/pg_dump", tree.parent.parent / "pg_dump")
    (tree / "bin/pg_dump").unlink()
    (tree / "bin/pg_dump").symlink_to("../../../pg_dump")


def put_a_link_in_its_place(tree: Path) -> None:
    tree.rename(tree.parent.parent / "elsewhere")
    tree.symlink_to(tree.parent.parent / "elsewhere")


def put_a_pipe_there(tree: Path) -> None:
    os.mkfifo(tree / "bin/psql")


CHANGES: list[Callable[[Path], object]] = [
    *(change_a_byte, add_a_library, replace_a_link, replace_a_file_by_a_link),
    *(put_a_link_in_its_place, put_a_pipe_there),
    lambda tree: (tree / "COPYRIGHT").unlink(),
    lambda tree: (tree / "bin/pg_dump").chmod(0o644),
    lambda tree: (tree / "lib").rename(tree / "lib64"),
]


@pytest.fixture
def locked(index: Index, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The same, with what is in the wheel in the lock."""
    digest = tree_digest(fetch.fetch(18, HERE))
    wheel = lock.LockedWheel("18.6.0", index.wheel.name, index.sha256, digest)
    monkeypatch.setattr(fetch, "locked_wheels", lambda: {(18, HERE): wheel})
    index.downloads = 0
    return index


def as_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_KNOWN", Known())
    monkeypatch.setattr(fetch, "_UNLOCKED", {})


@pytest.mark.parametrize("another", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_and_undone(
    change: Callable[[Path], object], another: bool, locked: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulted(CHANGED):
        tree = fetch.fetch(18, HERE)
        before = tree_digest(tree)
        change(tree)
        if another:
            as_another_process(monkeypatch)
        assert fetch.fetch(18, HERE) == tree
        assert not tree.is_symlink()
        assert tree_digest(tree) == before
        assert locked.downloads == 1


def test_what_an_earlier_run_has_unpacked_is_taken(
    locked: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_another_process(monkeypatch)
    fetch.fetch(18, HERE)
    assert locked.downloads == 0


def test_without_a_network_a_changed_tree_is_refused(
    locked: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Path:
        raise SnapperError("there is no network")

    tree = fetch.fetch(18, HERE)
    change_a_byte(tree)
    monkeypatch.setattr(fetch, "download", refused)
    with faulted(CHANGED), pytest.raises(SnapperError, match="there is no network"):
        fetch.fetch(18, HERE)
    assert not tree.exists()


def test_without_a_digest_in_the_lock_only_what_this_process_unpacked_is_believed(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch.fetch(18, HERE)
    as_another_process(monkeypatch)
    fetch.fetch(18, HERE)
    assert index.downloads == 2


def test_the_lock_knows_every_tree() -> None:
    wheels = lock.locked_wheels().values()
    assert len({wheel.tree for wheel in wheels}) == len(wheels)
    assert {len(wheel.tree) for wheel in wheels} == {64}


def test_a_program_among_the_clients_links_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = fetch.fetch_all(Platform.here())
    monkeypatch.setattr(layer, "CACHE", tmp_path / "postgresql")
    monkeypatch.setattr(layer, "fetch_all", lambda _: trees)
    (tmp_path / "postgresql").mkdir()
    root = layer.client_root()
    link = root / "17/bin/psql"
    right = link.readlink()
    for target in (None, "/tmp/psql"):
        with faulted(CHANGED):
            link.unlink()
            if target:
                link.symlink_to(target)
            else:
                link.write_text("#!/bin/sh\n")
            (root / "lib/libssl.so.3").write_bytes(b"mine")
            assert layer.client_root() == root
            assert link.readlink() == right
            assert not (root / "lib/libssl.so.3").exists()
