"""Single tables out of a backup: only what they need of it is read, where it has a list."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from snapper.engines.facts import SomeTables, TableRehearsal, Wanted
from snapper.engines.tables import Tables
from snapper.errors import BackupDamaged, RestoreFailed, SettingsError
from snapper.values.contents import Contents
from snapper.values.manifest import Manifest
from snapper.values.parts import TableRows
from snapper.verbs.checked_copy import checked_copy
from snapper.verbs.checked_parts import checked_parts
from snapper.verbs.contents import read_contents
from snapper.verbs.parts import read_statements
from snapper.verbs.rehearse import refuse_missing_roles
from snapper.verbs.unpacked import Progress
from snapper.verbs.unsealed import Backups

Checking = Callable[[], AbstractContextManager[Progress]]
"""Shows how far the reading is; is given the compressed bytes that were read so far."""

_READ_WHOLE = "so all of the backup is read"


class Source(Protocol):
    """A backup out of which tables are taken."""

    @property
    def statements(self) -> Iterable[bytes]:
        """A dump, or what is in it beside rows."""
        ...

    def rows(
        self, tables: SomeTables, progress: Progress
    ) -> AbstractContextManager[Iterable[bytes]]:
        """Give a dump of at least the parts that these tables have; it can be read again.

        All of it was checked before. Raises BackupDamaged, AwsFailed.
        """
        ...

    def size(self, tables: SomeTables) -> int:
        """Give how many stored bytes are read for `rows`."""
        ...


@contextmanager
def opened(
    vault: Backups, manifest: Manifest, warn: Callable[[str], None], checking: Checking
) -> Iterator[Source]:
    """Open a backup to take tables out of it.

    Where it has no list of its contents, all of it is read and checked first, within `checking`.
    Raises BackupDamaged, AwsFailed.
    """
    try:
        contents = read_contents(vault, manifest)
        why = "this backup was made without a list of its contents"
    except BackupDamaged as damaged:
        contents, why = None, str(damaged)
    if contents:
        yield _Listed(vault, manifest, contents)
        return
    warn(f"{why}, {_READ_WHOLE}")
    whole = _Whole(manifest)
    with ExitStack() as stack:
        with checking() as progress:
            copy = checked_copy(vault, manifest, progress, whole.count)
            whole.statements = stack.enter_context(copy)
        yield whole


@dataclass(frozen=True)
class _Listed:
    vault: Backups
    manifest: Manifest
    contents: Contents

    @property
    def statements(self) -> Iterator[bytes]:
        for part in self.contents.statements:
            yield from read_statements(self.vault, self.manifest, part)

    def rows(
        self, tables: SomeTables, progress: Progress
    ) -> AbstractContextManager[Iterable[bytes]]:
        return checked_parts(self.vault, self.manifest, self._parts(tables), progress)

    def size(self, tables: SomeTables) -> int:
        ranges = {each for part in self._parts(tables) for each in part.ranges}
        return sum(end - start for start, end in ranges)

    def _parts(self, tables: SomeTables) -> tuple[TableRows, ...]:
        wanted = frozenset(tables.parts)
        found = (part for part in self.contents.parts if isinstance(part, TableRows))
        return tuple(part for part in found if (part.schema, part.table) in wanted)


class _Whole:
    """All of a backup, which is read for its statements, and once more for rows."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._progress: Progress = lambda _: None
        self.statements: Iterable[bytes] = ()

    def count(self, read: int) -> None:
        self._progress(read)

    def rows(self, _: SomeTables, progress: Progress) -> AbstractContextManager[Iterable[bytes]]:
        self._progress = progress
        return nullcontext(self.statements)

    def size(self, _: SomeTables) -> int:
        return self._manifest.gzip_bytes


def choose(tables: Tables, source: Source, wanted: Wanted) -> SomeTables:
    """Choose tables out of what is in the backup beside rows; raises as the engine does.

    Raises BackupDamaged where that is not what was stored.
    """
    statements = iter(source.statements)
    try:
        return tables.choose(statements, wanted)
    except RestoreFailed:
        for _ in statements:  # what cannot be followed may be damaged: that is known at the end
            pass
        raise


def refuse_tables(
    rehearsal: TableRehearsal, wanted: Wanted, *, force: bool, may_make_roles: bool
) -> None:
    """Raise SettingsError for a target in which tables of these names are in the way.

    Where rows alone are wanted, their tables must be there, and empty unless it is `force`.
    """
    place, taken = rehearsal.target.place, ", ".join(rehearsal.present)
    is_one = len(wanted.tables) == 1 and not wanted.schemas
    other_name = f"give {'the' if is_one else 'a single'} table another name: --as NAME"
    if wanted.definitions and rehearsal.present:
        raise SettingsError(
            f"{place} has {taken} already, and a restore overwrites nothing",
            hint=f"{other_name}; or rename or drop what is there, a table with its indexes and"
            " sequences",
        )
    if wanted.definitions and rehearsal.no_schemas:
        raise SettingsError(
            f"{place} has no schema {', '.join(rehearsal.no_schemas)}, and the backup makes none",
            hint=f"make it there; or {other_name}",
        )
    if not wanted.definitions and rehearsal.absent:
        raise SettingsError(
            f"{place} has no {', '.join(rehearsal.absent)} to put rows into",
            hint="without --data-only it is made",
        )
    if rehearsal.filled and not force:
        raise SettingsError(
            f"there are rows in {', '.join(rehearsal.filled)} of {place}",
            hint="--force adds those of the backup to them; --as NAME, without --data-only, makes a"
            " table of its own",
        )
    if not may_make_roles:
        refuse_missing_roles(rehearsal.target)
