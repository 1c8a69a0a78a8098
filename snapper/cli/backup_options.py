"""Options that name one backup of one database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from snapper.cli.stage import Stage
from snapper.errors import BackupDamaged, BackupNotFound, SettingsError
from snapper.values.program import PROGRAM

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The database.")]
AtOption = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="TIME",
        help="The newest backup begun not after this time, as 2026-11-23T03:00Z; or latest.",
    ),
]

LATEST = "latest"


@contextmanager
def chosen_backup(stage: Stage, database: str, verb: str) -> Iterator[None]:
    """Tell whose backup is missing or damaged that there may be others.

    Raises SettingsError instead if the stage does not know the database at all.
    """
    try:
        yield
    except BackupDamaged as error:
        older = f"--at {verb} an older one; {PROGRAM} list {database} shows them"
        error.hint = f"{error.hint}; {older}" if error.hint else older
        raise
    except BackupNotFound as error:
        stage.databases(database)
        error.hint = f"{PROGRAM} list {database} shows those there are, {PROGRAM} list those of all"
        raise


def read_at(text: str) -> datetime | None:
    """Read the option; None is the latest. A time without a zone is UTC. Raises SettingsError."""
    if text == LATEST:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"--at {text} is no time", hint="such as 2026-11-23, 2026-11-23T03:00 or latest"
        ) from None
    if len(text) == len("2026-11-23"):
        # A day means all of it.
        at = at.replace(hour=23, minute=59, second=59)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
