"""`snapper check`: the two secrets, before they are set."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from snapper.cli import given, pulumi_config, render
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption
from snapper.cli.outcome import Outcome
from snapper.engines.checks import doubts, option_faults, usability_checks
from snapper.engines.engine import engine_of
from snapper.errors import SecretsInvalid, SettingsError
from snapper.values import unprovable
from snapper.values.fit import DISK_GB
from snapper.values.handover import crowding, overflow
from snapper.values.options import BATCH, SETTING
from snapper.values.program import PROGRAM
from snapper.values.proving import LONGEST_UNPROVEN, Proving, read_days
from snapper.values.schedule import ScheduleInvalid, parse_schedule, why_never
from snapper.values.secrets import Database, parse_secrets, with_options
from snapper.values.settings import CONNECTIONS, RETENTIONS

_OPTIONS_TOO = "the settings"


def check(
    context: typer.Context,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read NAME=value lines, one for each secret.")
    ] = False,
    pulumi: Annotated[
        str | None,
        typer.Option(
            "--pulumi", metavar="STACK", help="Read what pulumi config holds for a stack."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check the two secrets and show every fault at once.

    That is all that keeps them from being read, and connections from working in the function: files
    and servers of this machine, hosts known as poolers, values that libpq does not know.

    They are read from the environment (DATABASE_CONN_STRINGS and BACKUP_STORAGE_DATA), from stdin
    or from Pulumi's config; there the schedule, the drills and the options of databases are looked
    at too. No password is ever shown.
    """
    outcome: Outcome = context.obj
    if stdin and pulumi is not None:
        raise SettingsError("--stdin and --pulumi are two sources", hint="choose one")
    if stdin:
        secrets = given.both(given.from_stdin(), "write lines NAME=value")
    elif pulumi is not None:
        secrets = {name: pulumi_config.secret(name, pulumi) for name in given.NAMES}
    else:
        hint = "set them in the environment, or use --stdin or --pulumi STACK"
        secrets = given.both(given.from_environment(), hint)
    try:
        databases = _databases(secrets, pulumi_config.settings(pulumi) if pulumi else {})
    except SecretsInvalid as invalid:
        if not json:
            raise
        outcome.code, outcome.answered = invalid.exit_code, True
        render.document({"valid": False, "faults": list(invalid.faults), "databases": []})
        return
    for warning in filter(None, (crowding(secrets, len(databases)), *doubts(databases))):
        warn(warning)
    places = [
        (each.key, engine_of(each.kind).place(each.connection), each.retention)
        for each in databases
    ]
    if json:
        found = [
            dict(zip(("database", "place", "retention"), each, strict=True)) for each in places
        ]
        render.document({"valid": True, "faults": [], "databases": found})
        return
    render.table(
        ("database", "place", "keeps"), [(key, place, str(count)) for key, place, count in places]
    )


def _databases(secrets: Mapping[str, str], settings: Mapping[str, Any]) -> tuple[Database, ...]:
    """Read both secrets, and what of the settings concerns them; raise SecretsInvalid with all."""
    faults = list(_schedule_faults(settings))
    databases: tuple[Database, ...] = ()
    rows: SecretsInvalid | None = None
    try:
        usable = usability_checks(from_here=False)
        databases = parse_secrets(secrets[CONNECTIONS], secrets[RETENTIONS], usable)
    except SecretsInvalid as invalid:
        rows = invalid
    if fault := overflow(secrets, len(databases)):
        raise SecretsInvalid(
            (fault,), hint=f"{PROGRAM} databases add takes the others, without a deployment"
        )
    databases = with_options(databases, settings.get(SETTING, {}), faults, datetime.now(UTC))
    faults += [*option_faults(databases), *_drill_faults(settings, databases)]
    faults += _container_faults(settings, databases)
    if rows and not faults:
        raise rows
    if faults:
        both = (*(rows.faults if rows else ()), *faults)
        hint = rows.hint if rows else "docs/options.md lists the options"
        raise SecretsInvalid(both, hint, _OPTIONS_TOO)
    return databases


def _schedule_faults(settings: Mapping[str, Any]) -> Iterator[str]:
    given = settings.get("schedule")
    if not isinstance(given, str):
        return
    try:
        fault = why_never(parse_schedule(given), datetime.now(UTC))
    except ScheduleInvalid as invalid:
        fault = str(invalid)
    if fault:
        yield f"schedule is {given}, it {fault}"


def _container_faults(settings: Mapping[str, Any], databases: Sequence[Database]) -> Iterator[str]:
    """Tell of databases that want a container in a stage without any."""
    if settings and str(settings.get("largeDatabases", "false")).lower() == "false":
        for each in databases:
            if each.options.dump_in == BATCH:
                yield f"{SETTING}.{each.key}: dumpIn is {BATCH}, and largeDatabases is off"


def _drill_faults(settings: Mapping[str, Any], databases: Sequence[Database]) -> Iterator[str]:
    """Tell of numbers out of bounds, and of proofs wanted more often than there are drills."""
    days = "provenWithinDays"
    for name, (least, most) in (("drillDiskGb", DISK_GB), (days, (-1, LONGEST_UNPROVEN))):
        given = str(settings.get(name, least))
        if not re.fullmatch("-?[0-9]{1,9}", given):
            yield f"{name} must be a whole number"
        elif not least <= int(given) <= most:
            yield f"{name} is {given}, must lie within {least}..{most}"
    stage = Proving(str(settings.get("drill", "")), read_days(str(settings.get(days, ""))))
    yield from unprovable.faults(stage, databases)
