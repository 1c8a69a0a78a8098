"""What changed from one backup of a database to another; no row is read for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter

from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.errors import BackupNotFound, NoKey, RestoreFailed, SettingsError
from snapper.values.contents import Contents
from snapper.values.difference import (
    Definition,
    DefinitionChange,
    TableChange,
    changed_definitions,
    changed_tables,
)
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.values.parts import Statements
from snapper.values.program import PROGRAM
from snapper.verbs.choice import Warn, find
from snapper.verbs.contents import read_contents
from snapper.verbs.parts import read_statements
from snapper.verbs.unsealed import Backups, Opening, without_key

_MOST = 256 << 20
"""Bytes of definitions of one backup that are compared: those of both are held in memory."""

_START = attrgetter("start")


@dataclass(frozen=True)
class Difference:
    """What changed; the definitions are None where they could not be compared, and why not."""

    older: Manifest
    newer: Manifest
    tables: tuple[TableChange, ...]
    unchanged: int
    definitions: tuple[DefinitionChange, ...] | None
    why_not: str = ""

    @property
    def differs(self) -> bool:
        """Whether anything is known to have changed."""
        return bool(self.tables or self.definitions)


@dataclass(frozen=True)
class When:
    """Which backup is meant: the newest not after `at`, or `exactly` that of this name."""

    at: datetime | None = None
    exactly: bool = False


def two(
    vault: Vault, database: str, start: When, end: When, warn: Warn
) -> tuple[Manifest, Manifest]:
    """Find the two backups; without a time to start from, the last good one before the other.

    Raises what `find` does, and SettingsError if both are the same.
    """
    newer = find(vault, database, end.at, warn, exactly=end.exactly)
    if start.at is None:
        before = newer.begun_at - timedelta(seconds=1)
        try:
            return find(vault, database, before, warn), newer
        except BackupNotFound:
            raise BackupNotFound(
                f"there is no backup of {database} before that of {write_time(newer.begun_at)}"
            ) from None
    older = find(vault, database, start.at, warn, exactly=start.exactly)
    if older.key == newer.key:
        raise SettingsError(
            f"both are the backup of {database} at {write_time(newer.begun_at)}",
            hint=f"{PROGRAM} list {database} shows the times of all",
        )
    return older, newer


def compare(
    vault: Vault, older: Manifest, newer: Manifest, opening: Opening = without_key
) -> Difference:
    """Say what changed by the lists of contents, and by the definitions in both dumps.

    Of sealed backups whose lists are in clear the tables are compared without a key too. Raises
    BackupDamaged if what lies in the vault is not what was stored, BackupNotFound if one of the two
    has no list, NoKey, WrongKey, AwsFailed.
    """
    shut: list[Manifest] = []
    first, last = (_opened(vault, each, opening, shut) for each in (older, newer))
    before, after = _contents(first, older), _contents(last, newer)
    tables = changed_tables(before, after)
    there = {(each.schema, each.table) for each in after.tables}
    unchanged = len(there - {(each.schema, each.table) for each in tables})
    definitions, why_not = None, ""
    if shut:
        why_not = f"{shut[0].dump_key} is sealed, and no key is given"
        return Difference(older, newer, tables, unchanged, definitions, why_not)
    try:
        definitions = _definitions((first, older, before), (last, newer, after))
    except (RestoreFailed, _TooMuch) as odd:
        why_not = str(odd)
    return Difference(older, newer, tables, unchanged, definitions, why_not)


class _TooMuch(Exception):
    """There is more than is held in memory."""


def _opened(vault: Vault, manifest: Manifest, opening: Opening, shut: list[Manifest]) -> Backups:
    """Open a backup; one for which there is no key is added to those that are `shut`."""
    try:
        return opening(vault, manifest)
    except NoKey:
        shut.append(manifest)
        return vault


def _contents(vault: Backups, manifest: Manifest) -> Contents:
    contents = read_contents(vault, manifest)
    if contents is None:
        raise BackupNotFound(
            f"{manifest.dump_key} has no list of what is in it",
            hint="backups of older releases have none; --from and --to choose others",
        )
    return contents


_Listed = tuple[Backups, Manifest, Contents]


def _definitions(older: _Listed, newer: _Listed) -> tuple[DefinitionChange, ...]:
    before, after = _defining(*older[1:]), _defining(*newer[1:])
    return changed_definitions(_read(*older[:2], before), _read(*newer[:2], after))


def _defining(manifest: Manifest, contents: Contents) -> list[Statements]:
    """Give the parts that hold definitions, in the order of the dump."""
    defines = engine_of(manifest.engine).sections.defines
    found = [each for each in contents.statements if any(map(defines, each.kinds))]
    if (size := sum(each.bytes for each in found)) > _MOST:
        raise _TooMuch(
            f"the backup at {write_time(manifest.begun_at)} has {size:,} bytes of definitions, and"
            f" at most {_MOST:,} are compared"
        )
    return sorted(found, key=_START)


def _read(vault: Backups, manifest: Manifest, parts: list[Statements]) -> Iterator[Definition]:
    pieces = chain.from_iterable(read_statements(vault, manifest, each) for each in parts)
    try:
        yield from engine_of(manifest.engine).sections.definitions(pieces, manifest)
    except RestoreFailed:
        for _ in pieces:  # what cannot be followed may be damaged: that is known at the end
            pass
        raise
