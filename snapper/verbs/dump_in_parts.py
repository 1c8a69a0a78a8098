"""A backup's dump as several sessions restore it at once: the rows of large tables apart.

What is read of it is held against the list of contents, whose SHA-256 is in the manifest: each
byte of the plain dump is in one of its parts, and each part has its own SHA-256. So none of it can
be another than it was, as where the whole object is read and has the manifest's SHA-256.
"""

import os
import threading
from collections.abc import Collection, Iterable, Iterator

from snapper.engines.at_once import LargeTable, Skipped
from snapper.errors import BackupDamaged
from snapper.machine.processors import jobs_here
from snapper.values.contents import Contents
from snapper.values.manifest import Manifest
from snapper.values.parts import Statements, TableRows
from snapper.verbs.ahead import ahead
from snapper.verbs.contents import read_contents
from snapper.verbs.parts import Shared, read_statements, read_table
from snapper.verbs.runs import Runs
from snapper.verbs.unpacked import Progress
from snapper.verbs.unsealed import Backups

LARGE = 1 << 20
"""Plain bytes of rows that are worth a request of their own."""

_WORTH = 64 << 20
"""Plain bytes of a dump that are worth several sessions, where nobody asks for them."""

_WAITING = 2
"""Pieces of up to a megabyte that wait for each session."""


def jobs_for(asked: int, manifest: Manifest) -> int:
    """Give how many jobs restore a backup: as many as asked for, or as its size is worth."""
    return asked or (jobs_here(None, 0, os.environ) if manifest.dump_bytes >= _WORTH else 1)


def in_parts(
    vault: Backups, manifest: Manifest, jobs: int, progress: Progress, large: int = LARGE
) -> "DumpInParts | None":
    """Give the dump in parts for so many jobs; None where it is restored as well by one.

    So it is without a list, as older backups are, and where the list is not to be read: a restore
    needs none. Raises AwsFailed.
    """
    if jobs < 2:
        return None
    try:
        contents = read_contents(vault, manifest)
    except BackupDamaged:
        return None
    if contents is None or not all(table.head for table in contents.tables):
        return None
    parts = DumpInParts(vault, manifest, contents, progress, large)
    return parts if parts.large else None


class DumpInParts:
    """Reads the parts of one backup that its list of contents tells of."""

    def __init__(
        self,
        vault: Backups,
        manifest: Manifest,
        contents: Contents,
        progress: Progress,
        large: int = LARGE,
    ) -> None:
        self._vault, self._manifest = vault, manifest
        self._progress, self._read, self._lock = progress, 0, threading.Lock()
        self._parts = contents.parts
        self._beginning = _first(contents.parts)
        self._tables = [table for table in contents.tables if table.bytes >= large or table.more]
        self._numbers = {table.place: number for number, table in enumerate(self._tables)}
        self._lines: dict[int, int] = {}
        self.large = [LargeTable(each.schema, each.table, each.bytes) for each in self._tables]

    def before(self) -> Iterator[bytes]:
        """Give the plain dump up to where the first rows of any table begin."""
        with self._runs(self._beginning) as runs:
            for part in self._beginning:
                yield from read_statements(runs, self._manifest, part, self._counted())

    def rows(self, number: int) -> Iterator[bytes]:
        """Give the statement that loads the rows of a large table, all of them, with the rows."""
        table = self._tables[number]
        part = read_table(self._vault, self._manifest, table, self._counted())
        lines = part.head.count(b"\n") + table.rows + part.end.count(b"\n")
        self._lines[number] = lines + _between(table)
        yield from ahead(part, _WAITING)

    def rest(self, loaded: Collection[int]) -> Iterator[bytes | Skipped]:
        """Give the plain dump from there on, in its order, but for the large tables `loaded`.

        Raises BackupDamaged at its end if the object goes on where the list ends.
        """
        return ahead(self._rest(loaded))

    def _rest(self, loaded: Collection[int]) -> Iterator[bytes | Skipped]:
        rest = self._parts[len(self._beginning) :]
        shared = Shared()
        with self._runs(part for part in rest if part.place not in self._numbers) as runs:
            for part in rest:
                number = self._numbers.get(part.place)
                if isinstance(part, Statements):
                    yield from read_statements(runs, self._manifest, part, self._counted())
                elif number is None:
                    yield from read_table(runs, self._manifest, part, self._counted(), shared)
                elif number in loaded:
                    yield Skipped(self._lines[number])
                else:
                    yield from read_table(self._vault, self._manifest, part, self._counted())
                    yield Skipped(_between(part))
        self._require_end()

    def _require_end(self) -> None:
        key, size = self._manifest.dump_key, self._manifest.gzip_bytes
        with self._vault.open(key, size - 1) as body:
            if len(body.read(2)) != 1:
                raise BackupDamaged(
                    f"{key} is not what was stored: it is longer than the {size} bytes of its"
                    " manifest"
                )

    def _runs(self, parts: Iterable[TableRows | Statements]) -> Runs:
        return Runs(self._vault, [each for part in parts for each in part.ranges])

    def _counted(self) -> Progress:
        """Give what counts the bytes that are read of one part; any thread may call it."""
        before = 0

        def count(read: int) -> None:
            nonlocal before
            with self._lock:
                self._read += read - before
                before = read
                # What was refused is read once more.
                self._progress(min(self._read, self._manifest.gzip_bytes))

        return count


def _first(parts: Iterable[TableRows | Statements]) -> list[Statements]:
    """Give what stands before all rows."""
    found = []
    for part in parts:
        if not isinstance(part, Statements):
            break
        found.append(part)
    return found


def _between(table: TableRows) -> int:
    """Give the lines between the rows of a table that several statements load."""
    return 2 * len(table.more)
