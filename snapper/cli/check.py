"""`snapper check`: the two secrets, before they are set."""

import json as json_text
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from snapper.cli import given, pulumi_config, render
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption
from snapper.cli.outcome import Outcome
from snapper.engines.checks import doubts, option_faults, target_checks, usability_checks
from snapper.engines.engine import engine_of
from snapper.errors import SecretsInvalid, SettingsError
from snapper.values.handover import crowding, overflow
from snapper.values.options import SETTING
from snapper.values.program import PROGRAM
from snapper.values.rules import to_json
from snapper.values.secrets import (
    Database,
    Target,
    parse_secrets,
    parse_targets,
    with_options,
)
from snapper.values.settings import CONNECTIONS, RETENTIONS, TARGETS
from snapper.values.stage_checks import clear_text_faults, key_faults
from snapper.values.stage_settings import StageSettings, known_keys, read_plain, read_structured

_OPTIONS_TOO = "the settings"
_HINT = "docs/options.md lists the options of databases, docs/settings.md those of the stage"


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
    """Check the two secrets, of a stack the third too, and show every fault at once.

    That is all that keeps them from being read, and connections from working in the function: files
    and servers of this machine, hosts known as poolers, values that libpq does not know.

    They are read from the environment (DATABASE_CONN_STRINGS and BACKUP_STORAGE_DATA), from stdin
    or from Pulumi's config; there the settings of the stage and the options of databases are judged
    as a preview does. No password is ever shown.
    """
    outcome: Outcome = context.obj
    if stdin and pulumi is not None:
        raise SettingsError("--stdin and --pulumi are two sources", hint="choose one")
    settings: Mapping[str, str | None] = {}
    if stdin:
        secrets = given.both(given.from_stdin(), "write lines NAME=value")
    elif pulumi is not None:
        settings = pulumi_config.settings(pulumi)
        names = [*given.NAMES, *({TARGETS} & settings.keys())]
        secrets = {name: pulumi_config.secret(name, pulumi) for name in names}
    else:
        hint = "set them in the environment, or use --stdin or --pulumi STACK"
        secrets = given.both(given.from_environment(), hint)
    try:
        databases, targets = _read(secrets, settings, pulumi or "")
    except SecretsInvalid as invalid:
        if not json:
            raise
        outcome.code, outcome.answered = invalid.exit_code, True
        render.document({"valid": False, "faults": list(invalid.faults), "databases": []})
        return
    doubtful = doubts(databases, targets, bundled=bool(settings.get("caBundle")))
    for warning in filter(None, (crowding(secrets, len(databases)), *doubtful)):
        warn(warning)
    places = [
        (each.key, engine_of(each.kind).place(each.connection), each.retention)
        for each in databases
    ]
    if json:
        found = [
            {"database": key, "place": place, "retention": to_json(keep)}
            for key, place, keep in places
        ]
        render.document({"valid": True, "faults": [], "databases": found})
        return
    render.table(
        ("database", "place", "keeps"), [(key, place, str(keep)) for key, place, keep in places]
    )


def _read(
    secrets: Mapping[str, str], settings: Mapping[str, str | None], stack: str
) -> tuple[tuple[Database, ...], tuple[Target, ...]]:
    """Read the secrets, and the stack's settings; raise SecretsInvalid with all their faults."""
    faults: list[str] = []
    databases: tuple[Database, ...] = ()
    targets: tuple[Target, ...] = ()
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
    if stack:
        databases = with_options(databases, _options(settings), faults, datetime.now(UTC))
        faults += option_faults(databases)
        if TARGETS in secrets:
            targets = _targets(secrets[TARGETS], settings, faults)
        faults += _stage_faults(settings, databases, targets, stack)
    if rows and not faults:
        raise rows
    if faults:
        both = (*(rows.faults if rows else ()), *faults)
        hint = rows.hint if rows else _HINT
        raise SecretsInvalid(both, hint, _OPTIONS_TOO)
    return databases, targets


def _targets(
    text: str, settings: Mapping[str, str | None], faults: list[str]
) -> tuple[Target, ...]:
    # Pulumi tells no value of what it has encrypted.
    faults += clear_text_faults(encrypted=settings.get(TARGETS) is None)
    try:
        return parse_targets(text, target_checks(from_here=False))
    except SecretsInvalid as invalid:
        faults += invalid.faults
        return ()


def _options(settings: Mapping[str, str | None]) -> object:
    """Give the options of the databases; nothing that could be some where they are no JSON."""
    try:
        return json_text.loads(settings.get(SETTING) or "{}")
    except (ValueError, RecursionError):
        return None


def _structured(text: str | None) -> object:
    """Give a setting that has parts; where it is no JSON, the text that is none."""
    try:
        return text and json_text.loads(text)
    except (ValueError, RecursionError):
        return text


def _stage_faults(
    settings: Mapping[str, str | None],
    databases: tuple[Database, ...],
    targets: tuple[Target, ...],
    stack: str,
) -> list[str]:
    """Judge the stage as a preview does, but for the region and files, which are the shell's."""
    faults = list(key_faults(settings, known_keys()))
    plain = read_plain(settings.get, faults)
    parts = read_structured(lambda key: _structured(settings.get(key)), faults)
    whole = StageSettings(stack.rpartition("/")[2], databases, targets, **plain, **parts)
    return faults + list(whole.faults())
