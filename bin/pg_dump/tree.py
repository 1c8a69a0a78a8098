"""What lies in a folder, as one digest: so that what is kept is known again before it is run."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


def tree_digest(tree: Path) -> str:
    """Give the SHA-256 of all names, contents, links and who may execute what in a folder.

    Raises an OSError where something cannot be read, or is neither file, folder nor link.
    """
    whole = hashlib.sha256()
    for name, place in _places(tree):
        kind, content = _content(place)
        whole.update(f"{kind} {len(content)} {name}\0".encode())
        whole.update(content)
    return whole.hexdigest()


@dataclass
class Known:
    """The folders that were found to be as they should be, for as long as nothing in them changes.

    That is known by their files' own marks, the time of the last change of each among them, which
    only root can set back: so a process reads a folder once.
    """

    _seen: dict[Path, tuple[str, list[object]]] = field(default_factory=dict)

    def digest(self, tree: Path) -> str:
        """Give the digest of a folder; raises an OSError like `tree_digest`."""
        marks = [(name, *_marks(place.lstat())) for name, place in _places(tree)]
        if tree in self._seen and self._seen[tree][1] == marks:
            return self._seen[tree][0]
        self._seen[tree] = (found := tree_digest(tree)), list(marks)
        return found


def _marks(seen: os.stat_result) -> tuple[int, ...]:
    return seen.st_ino, seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns


def _places(tree: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files and links by name, in order; folders that hold none do not count."""
    found = {}
    for folder, folders, files in os.walk(tree, onerror=_raise):
        for name in (*folders, *files):
            place = Path(folder, name)
            if name in files or place.is_symlink():
                found[place.relative_to(tree).as_posix()] = place
    yield from sorted(found.items())


def _content(place: Path) -> tuple[str, bytes]:
    mode = place.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "link", os.fsencode(place.readlink())
    if not stat.S_ISREG(mode):
        raise OSError(f"{place} is no file")
    return ("program" if mode & 0o100 else "file"), hashlib.sha256(place.read_bytes()).digest()


def _raise(error: OSError) -> None:
    raise error
