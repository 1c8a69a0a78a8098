"""Options that name one backup of one database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from shlex import quote
from typing import Annotated

import typer

from snapper.cli.stage import Stage
from snapper.errors import BackupDamaged, BackupNotFound, NoneGood, SettingsError
from snapper.values.keys import STAMP, Kind
from snapper.values.program import PROGRAM

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The database.")]
AtOption = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="TIME",
        help="The newest backup begun not after this time: 2026-11-23, 2026-11-23T03:00Z, "
        "a backup's name, or latest.",
    ),
]

LATEST = "latest"

_NAMED = re.compile(
    r"(?:(?P<database>.+?)[/-])?(?P<stamp>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(?:"
    + "|".join(re.escape(kind) for kind in Kind)
    + r")?(?:\.begun-[0-9TZ-]+)?(?:\.kept(?:-until-[0-9TZ-]+)?)?(?:\.[0-9a-f]{12}\.part)?",
    re.ASCII,
)
"""A stamp, an object's key or address, or the name of a file that download wrote."""


@contextmanager
def chosen_backup(stage: Stage, database: str, verb: str) -> Iterator[None]:
    """Tell whose backup is missing or damaged that there may be others.

    Raises SettingsError instead if the stage does not know the database at all.
    """
    try:
        yield
    except NoneGood as error:
        error.hint = f"{PROGRAM} list {database} shows what is wrong with each"
        raise
    except BackupDamaged as error:
        older = f"--at {verb} an older one; {PROGRAM} list {database} shows them"
        error.hint = f"{error.hint}; {older}" if error.hint else older
        raise
    except BackupNotFound as error:
        stage.databases(database)
        error.hint = f"{PROGRAM} list {database} shows those there are, {PROGRAM} list those of all"
        raise


def read_at(text: str, *databases: str, option: str = "--at") -> datetime | None:
    """Read the option, in any form in which Snapper shows a time; None is the latest.

    A time without a zone is UTC. The name of an object, or of the file that download made of it,
    is its time; it must be of one of the databases, if any is given. Raises SettingsError.
    """
    if text.lower() == LATEST:
        return None
    if named := _NAMED.fullmatch(text):
        database = (named["database"] or "").rpartition("/")[2]
        if database and databases and database not in databases:
            raise SettingsError(
                f"{option} {text} is a backup of {database}, not of {' or '.join(databases)}",
                hint="give the time alone, for the backup of that time",
            )
        text = named["stamp"]
    for read in (_read_stamp, _read_day, datetime.fromisoformat):
        with suppress(ValueError, OverflowError):
            at = read(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    raise SettingsError(
        f"{option} {quote(text)} is not a time",
        hint="such as 2026-11-23, 2026-11-23T03:00Z, a backup's name as list or download show it, "
        "or latest",
    )


def is_name(text: str) -> bool:
    """Tell whether the option names one very backup, and not a time that is to be gone back to."""
    return _NAMED.fullmatch(text) is not None


def _read_stamp(text: str) -> datetime:
    return datetime.strptime(text, STAMP).replace(tzinfo=UTC)


def _read_day(text: str) -> datetime:
    """Read a day, which means all of it."""
    return datetime.combine(date.fromisoformat(text), time(23, 59, 59))
