"""Zips that are byte-identical when their contents are: Pulumi deploys only what changed."""

import filecmp
import hashlib
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bin.pg_dump.kept import keeping, make_folder, open_to_all
from snapper.errors import SnapperError

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


class Entry(NamedTuple):
    """One file of an archive."""

    name: str
    content: bytes
    mode: int


def digest(entries: Iterable[Entry]) -> str:
    """Give a digest that differs for two sets of entries, in whatever order they come."""
    whole = hashlib.sha256()
    for entry in sorted(entries):
        whole.update(f"{entry.mode:o} {len(entry.content)} {entry.name}\0".encode())
        whole.update(entry.content)
    return whole.hexdigest()


def archive(folder: Path, name: str, entries: Iterable[Entry]) -> Path:
    """Give the zip of the entries; what an earlier run left there stays only if it is the same."""
    held = list(entries)
    target = folder / f"{name}-{digest(held)[:16]}.zip"
    with keeping("what is deployed", folder):
        write_zip(target, held)
    return target


def write_zip(target: Path, entries: Iterable[Entry]) -> None:
    """Write the entries, sorted, of one date and with their modes, and put the whole in place.

    A file that has the very same bytes is left as it is: what is deployed is what was written here.
    Raises SnapperError when two entries have one name: which of them Lambda would see is chance.
    """
    make_folder(target.parent)
    handle, draft = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as bundle:
            written = ""
            for entry in sorted(entries):
                if entry.name == written:
                    raise SnapperError(f"two files have the name {entry.name} in {target.name}")
                bundle.writestr(_header(entry), entry.content)
                written = entry.name
        if not _is_same(Path(draft), target):
            open_to_all(Path(draft))  # which is private
            Path(draft).replace(target)
    finally:
        Path(draft).unlink(missing_ok=True)


def _is_same(draft: Path, target: Path) -> bool:
    is_file = target.is_file() and not target.is_symlink()
    return is_file and filecmp.cmp(draft, target, shallow=False)


def _header(entry: Entry) -> zipfile.ZipInfo:
    header = zipfile.ZipInfo(entry.name, _EARLIEST)
    # Said, not left to the machine that packs: Lambda must find programs executable.
    header.create_system = _UNIX
    header.external_attr = (stat.S_IFREG | entry.mode) << 16
    # Another build of zlib compresses to other bytes, and then an unchanged program would seem
    # changed on a colleague's machine. Stored, the largest is still far below Lambda's limit.
    header.compress_type = zipfile.ZIP_STORED
    return header
