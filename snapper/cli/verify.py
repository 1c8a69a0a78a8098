"""`snapper verify`: backups read back, and restored for the proof."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer

from snapper.cli import render
from snapper.cli.backup_options import LATEST, AtOption, read_at
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.stage import Stage
from snapper.cli.transfer import BUILDING, transfer
from snapper.engines.engine import ENGINES, Engine, engine_of
from snapper.errors import (
    AwsFailed,
    BackupDamaged,
    BackupNotFound,
    DatabaseUnreachable,
    DatabaseUnsupported,
    RestoreFailed,
    SettingsError,
    SnapperError,
)
from snapper.values.manifest import FIRST_ENGINE, Manifest
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import Holding, newest, read_manifest, to_public
from snapper.verbs.restore import Dump
from snapper.verbs.verify import prove, record, verify

SERVER_VARIABLE = "SNAPPER_VERIFY_ON"

_WORST_FIRST = tuple(
    kind.exit_code
    for kind in (
        BackupDamaged,
        RestoreFailed,
        DatabaseUnreachable,
        DatabaseUnsupported,
        AwsFailed,
        SettingsError,
        BackupNotFound,
        SnapperError,
    )
)


def verify_backups(
    context: typer.Context,
    keys: KeysArgument = None,
    at: AtOption = LATEST,
    restore: Annotated[
        bool, typer.Option("--restore", help="Restore it too, into a throw-away PostgreSQL here.")
    ] = False,
    on: Annotated[
        str,
        typer.Option(
            "--on",
            metavar="CONNECTION",
            envvar=SERVER_VARIABLE,
            show_envvar=True,
            help="With --restore: into a new database on your own server instead.",
        ),
    ] = "",
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Read backups back whole: size, SHA-256, gzip, and the dump's own end marker.

    --restore restores each of them too, into a PostgreSQL of its own major that is started here for
    it and thrown away; what that lacks, such as ICU or PostGIS, a server of your own may have:
    with --on a new database is made there, filled, counted and dropped, and nothing else touched;
    that server is tried before anything is read.
    The verdict is recorded beside the backup, where list and status show it; retention counts no
    damaged one. Exits 4 if a backup is damaged, 3 if there is none, 9 if a sound one could not be
    restored.
    """
    outcome: Outcome = context.obj
    limit = read_at(at, *keys or ())
    if on and restore:
        _require_server(on)
    elif _is_typed(context, "on"):
        raise SettingsError(
            "--on says where to restore, and nothing is restored without --restore",
            hint="add --restore, or leave --on out",
        )
    opened = Stage.open(stage, profile, region)
    found = [
        _verify(opened, database, limit, on, restore=restore)
        for database in opened.databases(*keys or ())
    ]
    outcome.code = next((code for code in _WORST_FIRST if code in {each.code for each in found}), 0)
    if json:
        render.document({"stage": stage, "backups": [each.to_dict() for each in found]})
        outcome.answered = True
        return
    render.table(
        ("backup", "stored", "tables", "rows", "restored in", "verdict"),
        [each.row() for each in found],
        ("stored", "tables", "restored in", "rows"),
    )


@dataclass(frozen=True)
class _Found:
    """What came of one database: a backup, a verdict on it, what kept us from one or from more."""

    database: str
    manifest: Manifest | None = None
    verdict: Verification | None = None
    error: SnapperError | None = None
    undone: str = "NOT RESTORED"

    @property
    def code(self) -> int:
        if self.verdict and not self.verdict.sound:
            return BackupDamaged.exit_code
        return self.error.exit_code if self.error else 0

    def row(self) -> tuple[str, ...]:
        restored = self.verdict.restored if self.verdict else None
        return (
            self.manifest.dump_key if self.manifest else self.database,
            render.size(self.manifest.backup_bytes) if self.manifest else "",
            str(restored.tables) if restored else "",
            f"{restored.rows:,}" if restored else "",
            f"{restored.seconds:.1f} s" if restored else "",
            self._words(),
        )

    def _words(self) -> str:
        """Give the verdict; what helps is below it for people, in one line for programs."""
        judged = ""
        if self.verdict:
            judged = "sound" if self.verdict.sound else f"DAMAGED: {self.verdict.reason}"
        if self.error is None:
            return judged
        fact = f"{judged}, but {self.undone}: {self.error}" if judged else str(self.error)
        return render.with_fixes(fact, *_notes(self.error), self.error.hint)

    def to_dict(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "manifest": to_public(self.manifest) if self.manifest else None,
            "verification": self.verdict.to_dict() if self.verdict else None,
            "error": _told(self.error) if self.error else None,
        }


def _told(error: SnapperError) -> dict[str, Any]:
    notes = {"now": notes} if (notes := _notes(error)) else {}
    return {"fact": str(error), "hint": error.hint, **notes}


def _notes(error: SnapperError) -> list[str]:
    return getattr(error, "__notes__", [])


def _verify(stage: Stage, database: str, at: datetime | None, on: str, *, restore: bool) -> _Found:
    """Judge one backup; nothing that is wrong with it, or kept from us, stops the others."""
    try:
        return _judge(stage, database, at, on, restore=restore)
    except SnapperError as failed:
        return _Found(database, error=failed)


def _judge(stage: Stage, database: str, at: datetime | None, on: str, *, restore: bool) -> _Found:
    """Judge one backup and record the verdict; raises as `find` does, and AwsFailed."""
    now = datetime.now(UTC)
    try:
        holding = newest(stage.vault, database, at)
    except BackupNotFound as missing:
        return _Found(database, error=missing)
    try:
        manifest = read_manifest(stage.vault, holding)
    except BackupDamaged as damage:
        verdict = Verification(now, "", sound=False, reason=str(damage))
        return _record(stage, holding, _Found(database, None, verdict), verdict)
    engine = engine_of(manifest.engine)
    with transfer(f"reading {manifest.dump_key}", manifest.backup_bytes) as progress:
        verdict = verify(stage.vault, manifest, now, progress)
    error = None
    if restore and verdict.sound:
        try:
            verdict = prove(verdict, partial(_restore, stage, manifest, engine, on))
        except SnapperError as failed:
            error = failed
    return _record(stage, holding, _Found(database, manifest, verdict, error), verdict)


def _record(stage: Stage, holding: Holding, found: _Found, verdict: Verification) -> _Found:
    """Record the verdict; one that cannot be is told all the same."""
    try:
        record(stage.vault, found.database, holding.taken_at, verdict)
    except AwsFailed as failed:
        return replace(found, error=failed, undone="NOT RECORDED")
    return found


def _restore(stage: Stage, manifest: Manifest, engine: Engine, on: str) -> Restored:
    where = "new database of your server" if on else f"{engine.name} {manifest.server_version}"
    with transfer(
        f"restoring it into a throw-away {where}", manifest.backup_bytes, BUILDING
    ) as bar:
        return engine.try_restore(Dump(stage.vault, manifest, bar), manifest, on)


def _is_typed(context: typer.Context, option: str) -> bool:
    """Tell whether an option stands on the command line, and not in a variable alone."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def _require_server(text: str) -> None:
    """Raise what keeps backups from being tried there, such as that no engine knows its form."""
    faults = {kind: tuple(engine_of(kind).faults(text)) for kind in ENGINES}
    known = [kind for kind in ENGINES if not faults[kind]]
    if not known:
        raise SettingsError(f"--on is invalid: {faults[FIRST_ENGINE][0]}")
    engine_of(known[0]).require_server(text)
