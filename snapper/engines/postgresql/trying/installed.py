"""PostgreSQL servers that are installed on this machine: they may have what the bundled one lacks.

A distribution's PostgreSQL has ICU, its contributed extensions and whatever else was installed for
it, such as PostGIS. Only its programs are used, on files of our own; its databases are not touched.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from snapper.engines.postgresql.trying.lacking import Lacking
from snapper.errors import SnapperError

PLACES = (
    "/usr/lib/postgresql/{major}",  # Debian, Ubuntu
    "/usr/pgsql-{major}",  # PostgreSQL's own packages for Fedora and its kin
    "/opt/homebrew/opt/postgresql@{major}",
    "/usr/local/opt/postgresql@{major}",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@{major}",
    "/Applications/Postgres.app/Contents/Versions/{major}",
)

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Programs:
    """A server's programs: of the bundled PostgreSQL of a major, or in the `tree` of another."""

    major: int
    tree: Path | None = None

    def __str__(self) -> str:
        """Say which PostgreSQL it is."""
        where = f"PostgreSQL {self.major} in {self.tree}"
        return where if self.tree else f"the bundled PostgreSQL {self.major}"


def choices(major: int, majors: Iterable[int]) -> tuple[Programs, ...]:
    """Give what a backup of a major may be restored with, the best first.

    `majors` are those that we have clients for. An older server cannot take the backup.
    """
    newer = sorted(each for each in majors if each >= major)
    trees = {each: installed(each) for each in newer}
    found = tuple(Programs(each, tree) for each, tree in trees.items() if tree)
    return (Programs(major), *found)


def installed(major: int) -> Path | None:
    """Give the folder whose bin/ has a server of this major, or None."""
    trees = (Path(place.format(major=major)) for place in PLACES)
    needed = ("bin/initdb", "bin/postgres")
    return next((tree for tree in trees if all((tree / name).exists() for name in needed)), None)


def first_with_all(programs: Iterable[Programs], attempt: Callable[[Programs], _Result]) -> _Result:
    """Give what the first of the servers gave that has all that the backup needs.

    Raises the first one's Lacking where none has, and at once what is not for want of anything.
    """
    first, *others = programs
    try:
        return attempt(first)
    except Lacking as error:
        lacking = error
    for each in others:
        try:
            return attempt(each)
        except Lacking:
            continue
        except SnapperError as error:
            if type(error) is not SnapperError:
                raise  # something about the backup, or the way to it
            # It cannot be started here, which is no reason to hide what the first one lacked.
    raise lacking
