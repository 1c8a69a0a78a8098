"""Wheels are the locked ones, fetched once, and laid out as installing would."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from infra.wheels import locked_wheels, wheel_entries
from snapper.errors import SnapperError
from tests.bin.test_kept_trees import CHANGED
from tests.support.faults import faulted


def wheel(folder: Path, *members: tuple[str, int]) -> Path:
    path = folder / "thing-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as bundle:
        for name, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            bundle.writestr(info, name)
    return path


def test_a_wheel_is_laid_out_as_installing_would(tmp_path: Path) -> None:
    made = wheel(
        tmp_path,
        ("thing/__init__.py", 0o664),
        ("thing/tool.so", 0o775),
        ("thing-1.data/purelib/pure.py", 0o600),
        ("thing-1.data/platlib/plat.so", 0),
        ("thing-1.data/scripts/thing", 0o755),
        ("thing-1.data/data/share/man.1", 0o644),
        ("thing-1.dist-info/METADATA", 0o644),
    )
    assert {entry.name: entry.mode for entry in wheel_entries(made)} == {
        "python/thing/__init__.py": 0o644,
        "python/thing/tool.so": 0o755,
        "python/pure.py": 0o644,
        "python/plat.so": 0o644,
        "python/thing-1.dist-info/METADATA": 0o644,
    }


def test_without_hashes_nothing_is_fetched_and_the_reason_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("isal\n")
    with pytest.raises(SnapperError, match=r"(?s)for arm64:.*hash") as caught:
        locked_wheels(lock, "arm64", tmp_path / "cache")
    assert "requirements.lock" in caught.value.hint
    assert not list((tmp_path / "cache").iterdir())


def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    made = wheel(tmp_path, ("thing/__init__.py", 0o644))
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"thing @ {made.as_uri()} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SnapperError, match=r"DO NOT MATCH THE HASHES"):
        locked_wheels(lock, "arm64", tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.long
def test_what_was_fetched_once_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "thing-1-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as bundle:
        bundle.writestr("thing-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        bundle.writestr(
            "thing-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1\n"
        )
    lock = tmp_path / "requirements.lock"
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    lock.write_text(f"thing @ {made.as_uri()} --hash=sha256:{digest}\n")
    first = locked_wheels(lock, "x86_64", tmp_path / "cache")
    assert [kept.name for kept in first] == [made.name]

    with monkeypatch.context() as offline:
        offline.setattr("sys.executable", "/nowhere/python")
        assert locked_wheels(lock, "x86_64", tmp_path / "cache") == first

    # What was changed, added or taken away there is.
    for change in (
        lambda: first[0].write_bytes(b"another"),
        lambda: (first[0].parent / "more-1-py3-none-any.whl").write_bytes(b"more"),
        lambda: first[0].unlink(),
    ):
        with faulted(CHANGED):
            change()
            assert locked_wheels(lock, "x86_64", tmp_path / "cache") == first
            assert hashlib.sha256(first[0].read_bytes()).hexdigest() == digest
