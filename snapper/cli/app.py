"""The command line's table of contents: every command lives in a file of its own."""

from collections.abc import Sequence
from typing import Annotated

import typer

from snapper import __version__
from snapper.cli import demo, outcome

app = typer.Typer(
    name="snapper",
    help="Scheduled PostgreSQL backups on AWS.",
    epilog="Exit codes: 0 good, 1 failed, 2 cannot be used as written, 130 and 143 interrupted.",
    add_completion=False,
    rich_markup_mode=None,
)
app.command("demo", short_help="try the whole service on this machine")(demo.demo)


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
