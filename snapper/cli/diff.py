"""`snapper diff`: what changed between two backups of a database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from snapper.cli import render
from snapper.cli.backup_options import LATEST, KeyArgument, is_name, read_at
from snapper.cli.identities import IdentityOption, Keys
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.stage import Stage
from snapper.errors import BackupDamaged, BackupNotFound
from snapper.values.difference import Amount, Change, DefinitionChange, TableChange
from snapper.values.job import write_time
from snapper.values.program import PROGRAM
from snapper.values.visible import one_line
from snapper.verbs.catalog import to_public
from snapper.verbs.diff import Difference, When, compare, two

_HEADERS = ("table", "rows", "size", "change")
_TIMES = "2026-11-23, 2026-11-23T03:00Z, a backup's name"


def diff_backups(
    context: typer.Context,
    key: KeyArgument,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="TIME",
            help=f"The older backup: {_TIMES}. Default: the last good one before the other.",
        ),
    ] = "",
    end: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="TIME",
            help=f"The newer backup: {_TIMES}, or latest.",
        ),
    ] = LATEST,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 if anything changed, or is not compared.")
    ] = False,
    identity: IdentityOption = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show what changed from one backup of a database to another; no row is read for it.

    Tables that are new or gone, rows and bytes more or fewer, and tables of as many rows that are
    not the same: `rewritten`, which the order of the rows may do. Definitions that changed are
    shown as a unified diff, in whatever order the dumps have them, with what is set on the database
    itself; texts in user mappings, servers and subscriptions, and settings whose names have a dot,
    may be secrets, and are shown as '…'. The values of sequences and large
    objects are not compared. Both backups need a list of contents; older releases made none. Of
    sealed backups whose lists are in clear, tables are compared without a key, definitions with it.
    """
    outcome: Outcome = context.obj
    first = When(read_at(start, key, option="--from"), is_name(start)) if start else When()
    last = When(read_at(end, key, option="--to"), is_name(end))
    opened = Stage.open(stage, profile, region)
    with _hinted(opened, key):
        older, newer = two(opened.vault, key, first, last, warn)
        found = compare(opened.vault, older, newer, Keys(identity).open_list)
    if json:
        render.document({"stage": stage, **to_dict(found)})
    else:
        _show(found)
    outcome.answered = True
    if found.why_not:
        warn(f"the definitions are not compared: {found.why_not}")
    if exit_code:
        outcome.code = int(found.differs or found.definitions is None)


@contextmanager
def _hinted(stage: Stage, database: str) -> Iterator[None]:
    """Say where other backups are; raise SettingsError for a database that nobody knows."""
    try:
        yield
    except (BackupNotFound, BackupDamaged) as error:
        stage.databases(database)
        error.hint = error.hint or f"{PROGRAM} list {database} shows those there are"
        raise


def _show(found: Difference) -> None:
    older, newer = write_time(found.older.begun_at), write_time(found.newer.begun_at)
    render.say(f"{found.newer.database} from {older} to {newer}")
    render.say("")
    if found.tables:
        render.table(_HEADERS, [_row(each) for each in found.tables], ("size",))
    render.say(f"{render.number(found.unchanged, 'table')} unchanged")
    for each in found.definitions or ():
        render.say("")
        for line in _lines(each):
            print(line)
    if found.definitions is not None and not found.definitions:
        render.say("no definition changed")


def _row(each: TableChange) -> tuple[str, ...]:
    return (
        f"{each.schema}.{each.table}",
        _span(each, lambda amount: f"{amount.rows:,}"),
        _span(each, lambda amount: render.size(amount.bytes)),
        _words(each),
    )


def _span(each: TableChange, show: Callable[[Amount], str]) -> str:
    before, after = (show(amount) if amount else "" for amount in (each.before, each.after))
    return before if before == after else " -> ".join(filter(None, (before, after)))


def _words(each: TableChange) -> str:
    if each.change is Change.REWRITTEN:
        if each.perhaps_order_alone:
            return "rewritten (of as many bytes: it may be their order)"
        return "rewritten (other values)"
    if each.before is None or each.after is None:
        return each.change
    less = "more" if each.change is Change.MORE else "fewer"
    return render.number(abs(each.after.rows - each.before.rows), f"{less} row")


def _lines(each: DefinitionChange) -> Iterator[str]:
    """Give the definition's diff, under a line that no line of it can look like."""
    yield one_line(f"{each.change}: {each.kind} {each.name}")
    yield from each.lines


def to_dict(found: Difference) -> dict[str, Any]:
    """Give it as JSON values."""
    return {
        "from": {"manifest": to_public(found.older)},
        "to": {"manifest": to_public(found.newer)},
        "differs": found.differs,
        "tables": [_table_to_dict(each) for each in found.tables],
        "unchanged_tables": found.unchanged,
        "definitions": (
            None
            if found.definitions is None
            else [
                {**asdict(each), "change": str(each.change), "lines": list(each.lines)}
                for each in found.definitions
            ]
        ),
        "definitions_not_compared": found.why_not or None,
    }


def _table_to_dict(each: TableChange) -> dict[str, Any]:
    return {
        "schema": each.schema,
        "table": each.table,
        "change": str(each.change),
        "perhaps_order_alone": each.perhaps_order_alone,
        "before": _amount(each.before),
        "after": _amount(each.after),
    }


def _amount(amount: Amount | None) -> dict[str, int] | None:
    return asdict(amount) if amount else None
