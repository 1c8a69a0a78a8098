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
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)


@app.callback()
def snapper(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", is_eager=True)
    ] = False,
) -> None:
    """Scheduled PostgreSQL backups on AWS."""
    if version:
        typer.echo(f"snapper {__version__}")
        raise typer.Exit


def main(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code; every error is told, none is a stack trace."""
    command = typer.main.get_command(app)
    with outcome.told(as_json="--json" in arguments) as result:
        command.main(list(arguments), prog_name="snapper", standalone_mode=False, obj=result)
    return result.code
