"""The command line's table of contents: every command lives in a file of its own."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from snapper import __version__
from snapper.cli import demo, outcome
from snapper.cli.check import check
from snapper.cli.doctor import doctor
from snapper.cli.download import download_backup
from snapper.cli.failures import failures, retry_failures
from snapper.cli.list import list_backups
from snapper.cli.policy import policy
from snapper.cli.prune import prune_backups
from snapper.cli.restore import restore_backup
from snapper.cli.run import run_now
from snapper.cli.status import status
from snapper.cli.verify import verify_backups

EXIT_CODES = (
    "Exit codes: 0 good; 1 failed, or not healthy; 2 cannot be used as written; 3 no such backup; "
    "4 backup damaged; 5 dump failed; 6 database unreachable; 7 database unsupported; "
    "8 AWS refused; 9 restore failed; 10 backup in progress; 130 and 143 interrupted."
)

app = typer.Typer(
    name="snapper",
    help="Scheduled PostgreSQL backups on AWS.",
    epilog=EXIT_CODES,
    rich_markup_mode=None,
)
_COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "list": (list_backups, "show the backups there are"),
    "status": (status, "show how every database stands"),
    "run": (run_now, "back up now"),
    "restore": (restore_backup, "restore a backup into a database"),
    "download": (download_backup, "copy a backup into a file"),
    "verify": (verify_backups, "read backups back, and restore them for the proof"),
    "prune": (prune_backups, "delete what retention does not keep"),
    "failures": (failures, "show the jobs that failed too often"),
    "retry": (retry_failures, "put failed jobs back on the queue"),
    "check": (check, "check the two secrets before they are set"),
    "doctor": (doctor, "look the databases over from inside the dumper"),
    "policy": (policy, "print the IAM policies that operators need"),
    "demo": (demo.demo, "try the whole service on this machine"),
}
for _name, (_command, _words) in _COMMANDS.items():
    app.command(_name, short_help=_words, epilog=EXIT_CODES)(_command)


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
    typer.main.get_command(app).main(
        list(arguments) or ["--help"], prog_name="snapper", standalone_mode=False, obj=result
    )
