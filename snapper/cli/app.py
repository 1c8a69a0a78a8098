"""The command line's table of contents: every command lives in a file of its own."""

import importlib
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from snapper import __version__
from snapper.cli import outcome
from snapper.cli.command import Command
from snapper.cli.exit_codes import EXIT_CODES
from snapper.cli.options import PROFILE, REGION, STAGE, JsonOption
from snapper.errors import SettingsError
from snapper.values.nearest import did_you_mean
from snapper.values.program import PROGRAM

COMMANDS = {
    "list": ("list.list_backups", "show the backups there are"),
    "status": ("status.status", "show the state of every database"),
    "run": ("run.run_now", "back up now"),
    "restore": ("restore.restore_backup", "restore a backup into a database"),
    "contents": ("contents.contents", "show what is in a backup"),
    "diff": ("diff.diff_backups", "show what changed between two backups"),
    "download": ("download.download_backup", "copy a backup into a file"),
    "verify": ("verify.verify_backups", "check backups, and restore them to prove it"),
    "drill": ("drill.drill_now", "have backups restored for the proof now"),
    "prune": ("prune.prune_backups", "delete the backups that retention does not keep"),
    "keep": ("keep.keep", "pin a backup, so that it stays"),
    "unkeep": ("unkeep.unkeep", "let a pinned backup go"),
    "evidence": ("evidence.evidence", "show an auditor that backups are made and proven"),
    "cost": ("cost.cost", "show what each database costs in a month"),
    "failures": ("failures.failures", "show the jobs that failed too often, or discard them"),
    "retry": ("retry.retry_failures", "put failed jobs back on the queue"),
    "databases": ("databases.databases", "list, add and remove databases without a deployment"),
    "key": ("key.key", "keys that open what is sealed: make, prove, list them"),
    "check": ("check.check", "check the two secrets before they are set"),
    "doctor": ("doctor.doctor", "check the databases from inside the dumper"),
    "policy": ("policy.policy", "print the IAM policies for operators"),
    "demo": ("demo.demo", "try the whole service on this machine"),
}
"""Every command: its module in this room and its function, and what it does in a few words."""


BEFORE = {
    STAGE: ("NAME", "Which deployment to work on."),
    PROFILE: ("NAME", "Which AWS profile to use."),
    REGION: ("NAME", "The stage's AWS region."),
}
"""Options that may stand before the command as well as after it; so may --json."""


class _Commands(TyperGroup):
    """Imports a command only when it is wanted: all of them together take a second."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002  typer hides the type
        """Give the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002  typer's
        """Make one command ready; None if there is no such."""
        if cmd_name not in COMMANDS:
            return None
        place, words = COMMANDS[cmd_name]
        module, _, function = place.rpartition(".")
        found = getattr(importlib.import_module(f"snapper.cli.{module}"), function)
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(cmd_name, cls=Command, short_help=words)(found)
        return typer.main.get_command(alone)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  typer's
        """Find the command, and give it the options that stand before it."""
        typed = args[0]
        if typed not in COMMANDS and not typed.startswith("-") and not ctx.resilient_parsing:
            hint = did_you_mean(typed, COMMANDS) or f"{PROGRAM} --help shows all commands"
            raise SettingsError(f"there is no command {typed}", hint=hint)
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, [*_before(ctx.params), *rest]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002  typer's
        """Write the table into the help, without importing a command for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002  typer's
        """Write what the exit codes mean; here alone, since they are those of every command."""
        with formatter.section("Exit codes"):
            formatter.write_dl(list(EXIT_CODES.items()))


def _before(given: dict[str, Any]) -> Iterator[str]:
    """Give the options that were typed before the command, as they are typed after it."""
    for name, value in given.items():
        if value is True:
            yield f"--{name}"
        elif value:
            yield f"--{name}={value}"


app = typer.Typer(
    name="snapper",
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"snapper {__version__}")
        raise typer.Exit


def _option(name: str) -> Any:  # noqa: ANN401  as typer's own
    metavar, words = BEFORE[name]
    return typer.Option(name, metavar=metavar, help=words)


@app.callback()
def snapper(
    stage: Annotated[str, _option(STAGE)] = "",
    profile: Annotated[str, _option(PROFILE)] = "",
    region: Annotated[str, _option(REGION)] = "",
    json: JsonOption = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Scheduled PostgreSQL backups on AWS.

    The options may stand before or after the command. COMMAND --help shows those of one command.
    """


def run(arguments: Sequence[str], result: outcome.Outcome) -> None:
    """Run one command, which sets the exit code of the result; raises errors."""
    streams = sys.stdout, sys.stderr
    try:
        typer.main.get_command(app).main(
            list(arguments) or ["--help"], prog_name="snapper", standalone_mode=False, obj=result
        )
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        # Typer's own way to end when the output pipe is closed; ours sets the exit code.
        sys.stdout, sys.stderr = streams
        raise end.__context__ from None
