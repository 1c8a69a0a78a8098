"""The command line's table of contents: every command lives in a file of its own."""

import importlib
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from snapper import __version__
from snapper.cli import outcome

EXIT_CODES = (
    "Exit codes: 0 good; 1 failed, or not healthy; 2 cannot be used as written; 3 no such backup; "
    "4 backup damaged; 5 dump failed; 6 database unreachable; 7 database unsupported; "
    "8 AWS refused; 9 restore failed; 10 backup in progress; 129, 130 and 143 interrupted; "
    "141 nobody reads the output any more."
)

COMMANDS = {
    "list": ("list.list_backups", "show the backups there are"),
    "status": ("status.status", "show how every database stands"),
    "run": ("run.run_now", "back up now"),
    "restore": ("restore.restore_backup", "restore a backup into a database"),
    "download": ("download.download_backup", "copy a backup into a file"),
    "verify": ("verify.verify_backups", "read backups back, and restore them for the proof"),
    "prune": ("prune.prune_backups", "delete what retention does not keep"),
    "failures": ("failures.failures", "show the jobs that failed too often, or discard them"),
    "retry": ("retry.retry_failures", "put failed jobs back on the queue"),
    "check": ("check.check", "check the two secrets before they are set"),
    "doctor": ("doctor.doctor", "look the databases over from inside the dumper"),
    "policy": ("policy.policy", "print the IAM policies that operators need"),
    "demo": ("demo.demo", "try the whole service on this machine"),
}
"""Every command: its module in this room and its function, and what it does in a few words."""


class _Commands(TyperGroup):
    """Imports a command only when it is wanted: all of them together take a second."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002  typer hides the type
        """Give the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        """Make one command ready; None if there is no such."""
        if cmd_name not in COMMANDS:
            return None
        place, words = COMMANDS[cmd_name]
        module, _, function = place.rpartition(".")
        found = getattr(importlib.import_module(f"snapper.cli.{module}"), function)
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(cmd_name, short_help=words, epilog=EXIT_CODES)(found)
        return typer.main.get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002
        """Write the table into the help, without importing a command for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


app = typer.Typer(
    name="snapper",
    cls=_Commands,
    help="Scheduled PostgreSQL backups on AWS.",
    epilog=EXIT_CODES,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"snapper {__version__}")
        raise typer.Exit


@app.callback()
def snapper(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Scheduled PostgreSQL backups on AWS."""


def run(arguments: Sequence[str], result: outcome.Outcome) -> None:
    """Run one command, which tells the result its exit code; raises what goes wrong."""
    streams = sys.stdout, sys.stderr
    try:
        typer.main.get_command(app).main(
            list(arguments) or ["--help"], prog_name="snapper", standalone_mode=False, obj=result
        )
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        # Typer's own way to end when nobody reads any more; ours says so by the exit code.
        sys.stdout, sys.stderr = streams
        raise end.__context__ from None
