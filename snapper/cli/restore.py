"""`snapper restore`: a backup into a database, all of it or nothing."""

import sys
from typing import Annotated

import typer

from snapper.cli import render
from snapper.cli.backup_options import (
    LATEST,
    AtOption,
    chosen_backup,
    is_name,
    read_at,
)
from snapper.cli.identities import NO_TEXT, IdentityOption, Keys
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.restore_in_cloud import (
    check_place,
    follow_restore,
    refuse_with_follow,
    restore_in_cloud,
)
from snapper.cli.restore_options import (
    BestEffortOption,
    FinalNameOption,
    FollowOption,
    InCloudOption,
    IntoOption,
    JobsOption,
    NoOwnerOption,
    NoPrivilegesOption,
    ShowValuesOption,
    StrictOption,
)
from snapper.cli.restore_tables import restore_some
from snapper.cli.restored import Restored, answer
from snapper.cli.source import FromOption, open_stage
from snapper.cli.stage import Stage
from snapper.cli.table_options import (
    AsOption,
    DataOnlyOption,
    SchemaOnlyOption,
    SchemaOption,
    TableOption,
    refuse_others,
    wanted_tables,
)
from snapper.cli.transfer import bars
from snapper.engines.engine import engine_of
from snapper.engines.facts import RestoreOptions
from snapper.errors import SettingsError
from snapper.values.program import PROGRAM
from snapper.verbs.choice import find
from snapper.verbs.restoring import Wish, bring_back, checked

TARGET_VARIABLE = "SNAPPER_RESTORE_TO"


def restore_backup(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="The database; none with --follow.")
    ] = "",
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="CONNECTION",
            envvar=TARGET_VARIABLE,
            show_envvar=True,
            help="The database to restore into; asked for without echo, if not given.",
        ),
    ] = None,
    at: AtOption = LATEST,
    table: TableOption = None,
    schema: SchemaOption = None,
    named: AsOption = "",
    data_only: DataOnlyOption = False,
    schema_only: SchemaOnlyOption = False,
    create: Annotated[
        bool, typer.Option("--create", help="Create the database if it does not exist.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Restore into a database that is not empty.")
    ] = False,
    over_source: Annotated[
        str,
        typer.Option(
            metavar="KEY", help="Allow the database that the backup was made of as target."
        ),
    ] = "",
    create_roles: Annotated[
        bool,
        typer.Option("--create-roles", help="Create missing roles, without login."),
    ] = False,
    no_owner: NoOwnerOption = False,
    no_privileges: NoPrivilegesOption = False,
    strict: StrictOption = False,
    best_effort: BestEffortOption = False,
    final_name: FinalNameOption = False,
    show_values: ShowValuesOption = False,
    jobs: JobsOption = 0,
    identity: IdentityOption = None,
    in_cloud: InCloudOption = False,
    into: IntoOption = "",
    follow: FollowOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")
    ] = False,
    source: FromOption = "",
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Restore a backup into a database: all of it, or nothing.

    An existing database is filled in one transaction, and before that the backup is read and
    checked whole: SHA-256, sizes, gzip. For that it needs its room in TMPDIR. With --create it is
    checked while it is restored, and the database gets its name only when all is right. A target
    that is not empty is refused without --force. A backup that is known to be damaged is passed
    over with a warning, or refused if it was named by its very time.

    What only a superuser may do and changes no data, such as a comment on an extension or the
    rights of somebody else, is left out where it is refused, and named; --strict stops there.
    Where anything else is refused, --create --best-effort gets what can be had.

    With --table or --schema only these tables are restored, with what they need, into a database
    that may hold other things: a table that is there already is refused, whatever else they need
    is used as it is there. Foreign keys that cannot hold are left out, and named.

    A sealed backup is opened by a key of yours, which stays here: --identity.

    With --in-cloud a container of AWS Batch restores, into a target that the stage knows: its
    connection is in the secret RESTORE_CONN_STRINGS. The command only follows it: where that is
    interrupted the restore goes on, and --follow ID follows it again.

    Exits 9 if the backup could not be restored, or not whole.
    """
    outcome: Outcome = context.obj
    if follow:
        refuse_with_follow(context)
        answer(follow_restore(Stage.open(stage, profile, region), follow), outcome, json=json)
        return
    if not key:
        raise SettingsError("there is no KEY", hint=f"{PROGRAM} restore --help shows what there is")
    wanted = wanted_tables(table, schema, named, data_only=data_only, schema_only=schema_only)
    if wanted:
        refuse_others(
            {
                "--create": create,
                "--over-source": over_source,
                "--best-effort": best_effort,
                "--final-name": final_name,
                "--jobs": jobs > 1,
                "--force without --data-only": force and not data_only,
            }
        )
    options = RestoreOptions(
        strict, best_effort, no_owner, no_privileges, final_name, show_values, jobs
    )
    wish = checked(Wish(create, force, over_source, create_roles, options))
    others = {
        "--from": source,
        "--table": wanted,
        "--show-values": show_values,
        "--identity": identity,
    }
    check_place(context, into, in_cloud=in_cloud, others=others)
    limit = read_at(at, key)
    opened = open_stage(stage, profile, region, source)
    with chosen_backup(opened, key, "restores"):
        passed: list[str] = []
        manifest = find(opened.vault, key, limit, passed.append, exactly=is_name(at))
        for sentence in passed:
            warn(sentence)
        if in_cloud:
            found = restore_in_cloud(opened, manifest, passed, into, wish, dry_run=dry_run)
            answer(found, outcome, json=json)
            return
        backups = Keys(identity).open(opened.vault, manifest)
        target = to or _asked()
        engine = engine_of(manifest.engine)
        if wanted:
            some = restore_some(
                opened.name,
                backups,
                manifest,
                target,
                wanted,
                engine,
                options,
                passed=tuple(passed),
                force=force,
                create_roles=create_roles,
                dry_run=dry_run,
            )
            if json:
                render.document(some.to_dict())
                outcome.answered = True
            else:
                some.tell()
            return
        done = bring_back(
            backups, manifest, target, engine, wish, warn=warn, bars=bars, dry_run=dry_run
        )
    answer(Restored(stage, manifest, tuple(passed), done), outcome, json=json)


def _asked() -> str:
    """Ask for the connection without showing it; raise SettingsError where nobody can answer."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "no target is given", hint=f"use --to CONNECTION or the variable {TARGET_VARIABLE}"
        )
    try:
        typed: str = typer.prompt("Connection of the target", hide_input=True, err=True)
    except typer.Abort:
        raise SettingsError("no target is given") from None
    except UnicodeError:  # its own words tell some of what was typed
        raise SettingsError(NO_TEXT) from None
    return typed
