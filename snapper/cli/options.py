"""Arguments and options that many commands share."""

from datetime import timedelta
from typing import Annotated

import typer

from snapper.errors import SettingsError

STAGE, PROFILE, REGION, JSON = "--stage", "--profile", "--region", "--json"

KeysArgument = Annotated[
    list[str] | None, typer.Argument(metavar="KEY", help="Databases; all if none is named.")
]
StageOption = Annotated[
    str,
    typer.Option(
        STAGE, metavar="NAME", envvar="SNAPPER_STAGE", help="Which deployment to work on."
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        PROFILE, metavar="NAME", help="Which AWS profile to use, before all AWS_… variables."
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(REGION, metavar="NAME", envvar="AWS_REGION", help="The stage's AWS region."),
]
JsonOption = Annotated[bool, typer.Option(JSON, help="Print one JSON document.")]
PatienceOption = Annotated[
    float | None,
    typer.Option(min=0, metavar="MINUTES", help="With --wait: how long, for each. Default: 20."),
]


def time_to_wait(patience: float | None, *, wait: bool) -> timedelta:
    """Give how long to wait for each; raise SettingsError where nothing is waited for."""
    if patience is not None and not wait:
        raise SettingsError("--patience is for --wait", hint="add --wait, or leave it out")
    return timedelta(minutes=20 if patience is None else patience)


def is_typed(context: typer.Context, option: str) -> bool:
    """Tell whether an option stands on the command line, and not in a variable alone."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"
