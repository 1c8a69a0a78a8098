"""`snapper demo`: the whole service on this machine, on sample databases or on your own."""

import os
import re
import shlex
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, TextIO

import typer

from local.demo.report import DemoReport
from local.demo.story import Demonstration, DemoOptions, demonstration
from snapper.cli import render
from snapper.cli.demo_tables import show
from snapper.cli.interruption import Interrupted
from snapper.cli.lines import warn
from snapper.cli.outcome import Outcome
from snapper.cli.progress import Progress
from snapper.engines.checks import connection_checks, gaps
from snapper.errors import SecretsInvalid, SettingsError
from snapper.values.program import PROGRAM
from snapper.values.secrets import Database, parse_secrets
from snapper.values.settings import CONNECTIONS, RETENTIONS
from snapper.values.visible import shell_word

ROWS_VARIABLE = "SNAPPER_DEMO_DATABASE"

_FORM = "KEY,connection,POSTGRES"
_EXAMPLE = "such as 'orders,postgresql://me:secret@db.example/orders,POSTGRES'"
_ROW = re.compile(r"[^,|]+,.+,\s*[A-Za-z]+\s*", re.DOTALL)


def demo(
    context: typer.Context,
    database: Annotated[
        list[str] | None,
        typer.Option(
            metavar=f"'{_FORM}'",
            help="Back up your own database instead of the samples; it is only read. Repeatable; "
            f"or a row on each line of the variable {ROWS_VARIABLE}.",
            show_default=False,
        ),
    ] = None,
    retention: Annotated[
        int,
        typer.Option(
            metavar="COUNT", min=1, max=999_999, help="How many backups each database keeps."
        ),
    ] = 2,
    runs: Annotated[
        int,
        typer.Option(
            metavar="COUNT", min=1, max=1000, help="How often the deployed schedule fires."
        ),
    ] = 3,
    export: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Copy the backups that are kept to this folder."),
    ] = None,
    large: Annotated[
        bool,
        typer.Option(
            "--large", help="Dump the last database in a container, as what takes too long is."
        ),
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave all of it running until Ctrl-C.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of the tables.")
    ] = False,
) -> None:
    """Deploy the real Pulumi program onto an embedded cloud, and test its backups.

    Two PostgreSQL servers get deliberately awkward data, the deployed schedule fires, the
    packaged functions back up and prune, and the newest backup of each database is restored into
    another server and compared row by row; the deployed prover restores one by itself. Nothing is
    left behind. Exits 0 only if every run made
    its backups and all restored databases are identical.
    """
    outcome: Outcome = context.obj
    options = DemoOptions(
        parse_rows(database or rows_of(os.environ), retention), retention, runs, export, large
    )
    for gap in gaps() if options.databases else ():
        warn(gap)
    with Progress() as progress, demonstration(options, progress) as demonstrated:
        report = demonstrated.report
        progress.end()
        if keep:
            _show(report, outcome, as_json=json)
            sys.stdout.flush()
            _keep(demonstrated, out=sys.stderr if json else sys.stdout)
    if not keep:
        _show(report, outcome, as_json=json)
        if not report.good and not json:
            words, command = again(options, rows_given=bool(database))
            render.remark("")
            render.remark(words)
            # Never broken into lines: it is there to be copied.
            print(f"  {command}", file=sys.stderr)
    outcome.code = 0 if report.good else 1


def rows_of(environment: Mapping[str, str]) -> list[str]:
    """Give the rows of the variable, which no other user of the machine can see."""
    # One a line: the option's own way would part them at the spaces of host=… dbname=….
    return [row for row in environment.get(ROWS_VARIABLE, "").splitlines() if row.strip()]


def parse_rows(rows: Iterable[str], retention: int) -> tuple[Database, ...]:
    """Read the user's rows with the parser of the two secrets; raises SettingsError."""
    rows = tuple(rows)
    if not rows:
        return ()
    for number, row in enumerate(rows, 1):
        # Joined with the others, a row without its type would swallow the next one.
        if not _ROW.fullmatch(row):
            raise SettingsError(f"database number {number} is not {_FORM}", hint=_EXAMPLE)
    keys = dict.fromkeys(row.partition(",")[0].strip() for row in rows)
    counts = "|".join(f"{key},{retention}" for key in keys)
    try:
        return parse_secrets("|".join(rows), counts, connection_checks())
    except SecretsInvalid as invalid:
        # The second secret is made of the first, so what is wrong there was told already.
        told = [each for each in invalid.faults if RETENTIONS not in each] or invalid.faults
        faults = tuple(each.replace(f"{CONNECTIONS} row", "number") for each in told)
        raise SecretsInvalid(faults, f"{_FORM}, {_EXAMPLE}", "the databases") from None


def _show(report: DemoReport, outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        outcome.answered = True
        render.document(report.to_dict())
    else:
        show(report)


def again(options: DemoOptions, *, rows_given: bool) -> tuple[str, str]:
    """Give what to know of the same command with --keep, and it itself; it shows no connection.

    `rows_given` says that the databases were options of the command, and not in the variable.
    """
    words = ["demo"]
    for each in options.databases if rows_given else ():
        words += ["--database", f"{each.key},…,{each.kind}"]
    usual = DemoOptions()
    if options.retention != usual.retention:
        words += ["--retention", str(options.retention)]
    if options.runs != usual.runs:
        words += ["--runs", str(options.runs)]
    if options.export:
        words += ["--export", str(options.export)]
    if options.large:
        words.append("--large")
    command = f"{PROGRAM} {shlex.join([*words, '--keep'])}"
    note = f", with {ROWS_VARIABLE} as it is" if options.databases and not rows_given else ""
    note = ", with the connection in place of …" if "…" in command else note
    return f"All of it is gone now. To look further, leave it running{note}:", command


def _keep(demonstrated: Demonstration, out: TextIO) -> None:
    """Say how to reach everything, in a line that a shell can evaluate, and wait for Ctrl-C."""
    names = {
        f"SNAPPER_DEMO_{''.join(c if c.isalnum() else '_' for c in name).upper()}": connection
        for name, connection in demonstrated.databases.items()
    }
    assignments = {**demonstrated.environment, **names}
    print("\nIn another terminal:\n", file=sys.stderr)
    print(
        "export " + " ".join(f"{name}={shell_word(text)}" for name, text in assignments.items()),
        file=out,
        flush=True,
    )
    print("\nEverything runs until Ctrl-C.", file=sys.stderr, flush=True)
    try:
        while True:
            signal.pause()
    except Interrupted as interrupted:
        # The promised way to end it; any other signal is an interruption.
        if interrupted.exit_code != 128 + signal.SIGINT:
            raise
        interrupted.settled = True
