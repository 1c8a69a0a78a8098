"""`snapper check`: the two secrets, before they are set."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from snapper.cli import render
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption
from snapper.cli.outcome import Outcome
from snapper.engines.engine import doubts, engine_of, usability_checks
from snapper.errors import SecretsInvalid, SettingsError
from snapper.values.handover import crowding, overflow
from snapper.values.secrets import parse_secrets
from snapper.values.settings import CONNECTIONS, RETENTIONS

_NAMES = (CONNECTIONS, RETENTIONS)

# Where Pulumi.yaml lies, wherever the command is typed.
_PROJECT = Path(__file__).parents[2]


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
    or from Pulumi's config. No password is ever shown.
    """
    outcome: Outcome = context.obj
    if stdin and pulumi is not None:
        raise SettingsError("--stdin and --pulumi are two sources", hint="choose one")
    if stdin:
        secrets = _from_stdin(_read_stdin())
    elif pulumi is not None:
        secrets = {name: _from_pulumi(name, pulumi) for name in _NAMES}
    else:
        secrets = dict(os.environ)
    if missing := [name for name in _NAMES if name not in secrets]:
        raise SettingsError(
            f"{' and '.join(missing)} not given",
            hint="write lines NAME=value"
            if stdin
            else "set them in the environment, or use --stdin or --pulumi STACK",
        )
    secrets = {name: secrets[name] for name in _NAMES}
    try:
        usable = usability_checks(from_here=False)
        databases = parse_secrets(secrets[CONNECTIONS], secrets[RETENTIONS], usable)
        if fault := overflow(secrets, len(databases)):
            raise SecretsInvalid((fault,), hint="pulumi stack init makes a stage for the others")
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


def _read_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise SettingsError("stdin is not UTF-8") from None


def _from_stdin(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.strip() in _NAMES:
            found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    for quote in "'\"":
        if len(value) > 1 and value[0] == value[-1] == quote:
            return value[1:-1]
    return value


_OURS = re.compile("DATABASE_|BACKUP_|SNAPPER_|PG|PYTHON")
"""What Pulumi does not need to know of our environment."""


def _from_pulumi(name: str, stack: str) -> str:
    try:
        answer = subprocess.run(
            ["pulumi", "config", "get", name, "--stack", stack],
            cwd=_PROJECT,
            env={name: value for name, value in os.environ.items() if not _OURS.match(name)},
            # Where it would ask for a passphrase, it must say so instead of waiting unseen.
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    except OSError:
        raise SettingsError(
            "the Pulumi CLI cannot be run", hint="install it, or use --stdin or the environment"
        ) from None
    except subprocess.CalledProcessError as error:
        words = " ".join(error.stderr.split()) or f"it exited with status {error.returncode}"
        raise SettingsError(f"pulumi config get {name} failed: {words}") from None
    return answer.stdout.rstrip("\n")
