"""`snapper verify`: backups read back, and restored for the proof."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from snapper.aws.identity import caller
from snapper.cli import render
from snapper.cli.backup_options import LATEST, AtOption, is_name, read_at
from snapper.cli.found import Found, worst_of
from snapper.cli.identities import IdentityOption, Keys
from snapper.cli.lines import warn
from snapper.cli.options import (
    JsonOption,
    KeysArgument,
    ProfileOption,
    RegionOption,
    StageOption,
    is_typed,
)
from snapper.cli.outcome import Outcome
from snapper.cli.source import FromOption, open_stage
from snapper.cli.stage import Stage
from snapper.cli.transfer import BUILDING, Count, transfer
from snapper.cli.trial_server import require_server
from snapper.cli.verify_chain import (
    ChainAsked,
    ChainOption,
    ExportOption,
    PublicKeyOption,
    verify_chains,
)
from snapper.engines.checks import gaps
from snapper.engines.engine import engine_of
from snapper.errors import (
    AwsFailed,
    BackupNotFound,
    NoKey,
    SettingsError,
    SnapperError,
    WrongKey,
)
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM
from snapper.values.verification import Restored
from snapper.verbs.choice import newest
from snapper.verbs.history import look_back
from snapper.verbs.judge import judge
from snapper.verbs.orphans import orphans
from snapper.verbs.restore import Dump
from snapper.verbs.trial import accept_trial, to_be_proven
from snapper.verbs.unsealed import Backups

SERVER_VARIABLE = "SNAPPER_VERIFY_ON"


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
    identity: IdentityOption = None,
    accept: Annotated[
        str,
        typer.Option(
            "--accept",
            metavar="REASON",
            help="Accept the failed restore of one KEY, and say why; nothing is read.",
        ),
    ] = "",
    source: FromOption = "",
    chain: ChainOption = False,
    export: ExportOption = "",
    public_key: PublicKeyOption = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Read whole backups and check them: size, SHA-256, gzip, and the dump's own end marker.

    --restore also restores each of them, into a PostgreSQL that is started here for that and then
    removed: of the same major or a newer one that is installed, or one that Snapper brings. If it
    lacks something, such as PostGIS, use your own server: with --on a new database is made there,
    filled, counted and dropped; nothing else is touched.

    The result is stored beside the backup, where list and status show it; retention does not count
    damaged ones. A restore that succeeded still counts while the bytes are the same. After one that
    failed, status is not ok until a later backup is restored, or you --accept it with a reason.

    A sealed backup is opened by the key that is given. Without one is proven what can be without
    opening it: size, SHA-256 and header; with --restore the key is asked for.
    With --from nothing is stored: it is told here alone.

    It also says if a backup is not what was first stored under its name.

    Where the stage is tamperEvident, --chain says whether any was removed, replaced or forged.

    Exits 4 if so or if it is damaged, 3 if there is none, 9 if a sound one could not be restored.
    """
    outcome: Outcome = context.obj
    if asked := ChainAsked(chain, export, source, public_key or ()):
        asked.check(beside=restore or is_typed(context, "on") or bool(accept) or at != LATEST)
        verify_chains(outcome, asked, keys or (), stage, (profile, region), json=json)
        return
    wanted = _Wanted(read_at(at, *keys or ()), is_name(at), Keys(identity), on, restore)
    if on and restore:
        require_server(on)
    elif is_typed(context, "on"):
        raise SettingsError(
            "--on says where to restore, and nothing is restored without --restore",
            hint="add --restore, or leave --on out",
        )
    if is_typed(context, "accept") and not accept.strip():
        raise SettingsError(
            "--accept needs a reason", hint="say why the restore that failed is no reason to worry"
        )
    if accept and (restore or len(keys or ()) != 1 or at != LATEST):
        raise SettingsError(
            "--accept is for the last failed restore of one database",
            hint="name one KEY, without --restore and --at",
        )
    if accept and source:
        raise SettingsError("--accept records a verdict, and --from only reads")
    unconfined = gaps(on) if restore else []
    for gap in unconfined:
        warn(gap)
    opened = open_stage(stage, profile, region, source)
    # A folder of the bucket is anybody's; a backup from it is restored only if it is asked for.
    own = opened.configured()
    databases = opened.databases(*keys) if keys else own
    left_over = [] if keys else [each.database for each in orphans(opened.vault, own)]
    found = (
        [_accept(opened, databases[0], accept)]
        if accept
        else [_verify(opened, database, wanted) for database in databases]
    )
    outcome.code = worst_of(found)
    if json:
        backups = [each.to_dict() for each in found]
        render.document(
            {
                "stage": stage,
                "unconfined": unconfined,
                "backups": backups,
                "orphans": left_over,
            }
        )
        outcome.answered = True
        return
    render.table(
        ("backup", "stored", "tables", "rows", "restored in", "verdict"),
        [each.row() for each in found],
        ("stored", "tables", "restored in", "rows"),
    )
    if left_over:
        names = ", ".join(left_over)
        render.remark(
            f"not looked at, for the stage does not have them: {names}; name one to do so"
        )


@dataclass(frozen=True)
class _Wanted:
    """Which backup of each database: the newest, that up to a time, or that of a name.

    The `keys` open sealed ones; each is to `restore`, if it is, on a server or a throw-away one.
    """

    at: datetime | None
    exactly: bool
    keys: Keys
    on: str
    restore: bool


def _verify(stage: Stage, database: str, wanted: _Wanted) -> Found:
    """Judge one backup; nothing that is wrong with it, or kept from us, stops the others."""
    try:
        return _judge(stage, database, wanted)
    except SnapperError as failed:
        return Found(database, error=failed)


def _judge(stage: Stage, database: str, wanted: _Wanted) -> Found:
    """Judge one backup, known to be damaged or not, and record the verdict; raises AwsFailed."""
    now = datetime.now(UTC)
    try:
        holding = newest(stage.vault, database, wanted.at, exactly=wanted.exactly, now=now)
    except BackupNotFound as missing:
        missing.hint = missing.hint or f"{PROGRAM} list {database} shows those there are"
        return Found(database, error=missing)
    proof = partial(_restore, stage, wanted.on) if wanted.restore else None
    opening = wanted.keys.open if proof else wanted.keys.given
    judged = judge(stage.vault, holding, now, proof, _reading, opening, keep=not stage.reads_only)
    if isinstance(judged.error, NoKey) and not proof:
        # Nobody has asked for more than can be proven without.
        judged = replace(judged, error=None)
    if (manifest := judged.manifest) is None:
        found = Found(database, None, judged.verdict, at=holding.taken_at)
    else:
        past = look_back(stage.vault, holding, manifest)
        found = Found(database, manifest, judged.verdict, judged.error, history=past)
        if isinstance(judged.error, WrongKey) and not proof:
            found = replace(found, undone="NOT OPENED")
    return _unrecorded(found, judged.unrecorded) if judged.unrecorded else found


def _accept(stage: Stage, database: str, reason: str) -> Found:
    trial = accept_trial(stage.vault, database, caller(), reason, datetime.now(UTC))
    return Found(database, verdict=trial.verdict, at=trial.taken_at)


def _unrecorded(found: Found, failed: AwsFailed) -> Found:
    """Show a verdict that could not be recorded all the same."""
    if found.error:  # what stopped the restore counts more
        found.error.add_note(f"the result is not recorded: {failed}")
        return found
    return replace(found, error=failed, undone="NOT RECORDED")


def _reading(manifest: Manifest) -> AbstractContextManager[Count]:
    return transfer(f"reading {manifest.dump_key}", manifest.backup_bytes)


def _restore(stage: Stage, on: str, backups: Backups, manifest: Manifest) -> Restored:
    engine = engine_of(manifest.engine)
    throw_away = f"a throw-away {engine.name}"
    where = "a new database of your server, which is then dropped" if on else throw_away
    with transfer(f"restoring it into {where}", manifest.gzip_bytes, BUILDING) as bar:
        assertions = stage.options_of(manifest.database).assertions
        options = to_be_proven(backups, manifest, assertions)
        return engine.try_restore(Dump(backups, manifest, bar), manifest, on, options)
