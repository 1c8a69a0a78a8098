"""Carry out what retention decides for one database."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.values.retention import Verdict, plan
from snapper.values.secrets import Database
from snapper.verbs.catalog import Holding, holdings
from snapper.verbs.events import Events

# The manifest goes first: from then on there is no backup that could be found without its dump.
_ORDER = (Kind.MANIFEST, Kind.VERIFICATION, Kind.DAMAGED, Kind.DUMP)


def prune(
    vault: Vault,
    database: Database,
    events: Events,
    just_made: datetime | None = None,
    damaged: Collection[datetime] = (),
) -> list[Verdict]:
    """Delete the oldest backups beyond the database's count, and give every verdict.

    The listing tells most of what is damaged; `damaged` are those of which the caller knows more.

    Oldest first, so that after a failure between any two deletes what is left is still the
    newest. A failed delete does not keep the others from being tried; the first one is raised.
    """
    found = {holding.taken_at: holding for holding in holdings(vault, database.key)}
    verdicts = _plan(found, database, just_made, damaged)
    failures: list[SnapperError] = []
    for verdict in reversed(verdicts):
        if verdict.keep:
            continue
        try:
            _delete(vault, found[verdict.entry.taken_at])
        except SnapperError as error:
            failures.append(error)
            continue
        events.emit(
            "backup.pruned",
            database=database.key,
            scheduled_at=write_time(verdict.entry.taken_at),
            reason=verdict.reason,
        )
    if failures:
        raise failures[0]
    return verdicts


def judge(vault: Vault, database: Database, damaged: Collection[datetime] = ()) -> list[Verdict]:
    """Give every verdict, and delete nothing."""
    found = {holding.taken_at: holding for holding in holdings(vault, database.key)}
    return _plan(found, database, None, damaged)


def _plan(
    found: dict[datetime, Holding],
    database: Database,
    just_made: datetime | None,
    damaged: Collection[datetime],
) -> list[Verdict]:
    entries = [holding.entry for holding in found.values()]
    known = [replace(each, damaged=each.damaged or each.taken_at in damaged) for each in entries]
    return plan(known, database.retention, just_made)


def _delete(vault: Vault, holding: Holding) -> None:
    for kind in _ORDER:
        if kind in holding.objects:
            vault.delete(holding.objects[kind].key)
