"""`snapper restore --table`: some tables of a backup into a database that holds other things."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from snapper.cli import render
from snapper.cli.interruption import Interrupted
from snapper.cli.lines import warn
from snapper.cli.transfer import BUILDING, transfer
from snapper.engines.engine import Engine
from snapper.engines.facts import (
    UNSURE,
    Restoration,
    RestoreOptions,
    SomeTables,
    TableRehearsal,
    Wanted,
)
from snapper.errors import SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import to_public
from snapper.verbs.rehearse import aftermath
from snapper.verbs.tables import Source, choose, opened, refuse_tables
from snapper.verbs.unsealed import Backups


@dataclass(frozen=True)
class TablesRestored:
    """Tables of a backup and their target; `came` and `seconds` are None where nothing was done."""

    stage: str
    manifest: Manifest
    tables: SomeTables
    rehearsal: TableRehearsal
    warnings: tuple[str, ...]
    size: int
    came: Restoration | None = None
    seconds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        came = self.came or Restoration()
        return {
            "stage": self.stage,
            "manifest": to_public(self.manifest),
            "target": self.rehearsal.target.place,
            "tables": list(self.tables.names),
            "needs": [
                {"kind": need.kind, "name": need.name, "there": need.there}
                for need in self.rehearsal.needs
                if f"{need.kind} {need.name}" not in came.unneeded
            ],
            "used": list(came.used),
            "bytes": self.size,
            "creates_roles": list(self.rehearsal.target.missing_roles),
            "warnings": [*self.warnings, *came.warnings],
            "left_out": [each.to_dict() for each in came.left_out],
            "restored": self.came is not None,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
        }

    def tell(self) -> None:
        """Say what was done, or would be."""
        came, target = self.came, self.rehearsal.target
        names, place = ", ".join(self.tables.names), target.place
        if came is None:
            render.say(f"would restore {names} of {self.manifest.dump_key} into {place}")
            render.say(f"would read {render.size(self.size)} of rows; nothing was changed")
            for role in target.missing_roles:
                render.say(f"would first make the role {role}, without login")
        else:
            render.say(
                f"restored {names} of {self.manifest.dump_key} into {place} in {self.seconds:.1f} s"
            )
        made = [f"{need.kind} {need.name}" for need in self.rehearsal.needs if not need.there]
        there = [f"{need.kind} {need.name}" for need in self.rehearsal.needs if need.there]
        if came is not None:
            there = list(came.used)
            made = [each for each in made if each not in (*there, *came.unneeded)]
        if made:
            render.say(f"{'made' if came else 'would make'} what is needed: {', '.join(made)}")
        if there:
            render.say(f"used as it is there: {', '.join(there)}")


def restore_some(
    stage: str,
    backups: Backups,
    manifest: Manifest,
    target: str,
    wanted: Wanted,
    engine: Engine,
    options: RestoreOptions,
    *,
    passed: tuple[str, ...],
    force: bool,
    create_roles: bool,
    dry_run: bool,
) -> TablesRestored:
    """Restore some tables, or look what it would do; raises as the verbs do."""
    said = list(passed)

    def tell(sentence: str) -> None:
        said.append(sentence)
        warn(sentence)

    reading = partial(transfer, manifest.dump_key, manifest.gzip_bytes)
    with opened(backups, manifest, tell, reading) as source:
        tables = choose(engine.tables, source, wanted)
        rehearsal = engine.tables.rehearse(target, manifest, tables)
        for sentence in (*rehearsal.target.warnings, *tables.notes):
            tell(sentence)
        refuse_tables(
            rehearsal,
            wanted,
            force=force,
            may_make_roles=create_roles or options.no_owner,
        )
        if not create_roles:
            before = replace(rehearsal.target, missing_roles=())
            rehearsal = replace(rehearsal, target=before)
        size = source.size(tables)
        planned = TablesRestored(stage, manifest, tables, rehearsal, tuple(said), size)
        if dry_run:
            return planned
        return _restored(planned, source, target, engine, options)


def _restored(
    planned: TablesRestored,
    source: Source,
    target: str,
    engine: Engine,
    options: RestoreOptions,
) -> TablesRestored:
    """Restore; an error has a note of what is there."""
    began, made = time.monotonic(), tuple[str, ...]()
    before, manifest = planned.rehearsal.target, planned.manifest
    try:
        made = engine.make_roles(target, before)
        what = f"{', '.join(planned.tables.names)} of {manifest.dump_key} to {before.place}"
        with (
            transfer(what, planned.size, BUILDING) as bar,
            source.rows(planned.tables, bar) as rows,
        ):
            came = engine.tables.restore(rows, manifest, target, planned.tables, options)
    except (SnapperError, Interrupted) as error:
        unsure = UNSURE in getattr(error, "__notes__", ())
        error.add_note(aftermath(engine, target, before, made, unsure=unsure))
        raise
    for sentence in (*came.warnings, *(f"left out: {each}" for each in came.left_out)):
        warn(sentence)
    return replace(planned, came=came, seconds=time.monotonic() - began)
