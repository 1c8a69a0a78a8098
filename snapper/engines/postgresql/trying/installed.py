"""The PostgreSQL servers that a backup may be tried with: installed here, or brought by Snapper.

A distribution's PostgreSQL has ICU, its contributed extensions and whatever else was installed for
it, such as PostGIS. Only its programs are used, on files of our own; its databases are not touched.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from snapper.engines.postgresql.trying import bundled
from snapper.engines.postgresql.trying.lacking import Lacking
from snapper.errors import RestoreFailed, SnapperError

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
    """A server's programs: in the `tree`, or else those that Snapper brings itself.

    These are of the major's own PostgreSQL, or of the one that is made `for_trials`.
    """

    major: int
    tree: Path | None = None
    for_trials: bool = False

    def __str__(self) -> str:
        """Say which PostgreSQL it is."""
        if self.tree:
            return f"PostgreSQL {self.major} in {self.tree}"
        return f"the bundled PostgreSQL {self.major}{' for trials' if self.for_trials else ''}"

    def place(self) -> Path:
        """Give the folder with bin/, lib/ and share/; raises SnapperError if it cannot be had."""
        if self.tree:
            return self.tree
        return bundled.for_trials() if self.for_trials else bundled.of_major(self.major)


def choices(major: int, majors: Iterable[int], clients: Path | None = None) -> tuple[Programs, ...]:
    """Give what a backup of a major may be tried with, the best first.

    What is installed has most, such as ICU and PostGIS; among what is bundled the backup's own
    major tells most, and the server for trials has an extension or two that it has not. Beside the
    `clients` of a layer lies the only server that there is.
    """
    if clients and (tree := bundled.of_layer(clients)):
        return (Programs(bundled.major_of(tree), tree),)
    known = tuple(majors)
    own = Programs(major)
    return (*usable(major, known), own, Programs(max(known), for_trials=True))


def usable(major: int, majors: Iterable[int]) -> tuple[Programs, ...]:
    """Give those that are installed of a major and of newer ones that we have clients for.

    An older server cannot take the backup.
    """
    trees = {each: installed(each) for each in sorted(majors) if each >= major}
    return tuple(Programs(each, tree) for each, tree in trees.items() if tree)


def installed(major: int) -> Path | None:
    """Give the folder whose bin/ has a server of this major, or None."""
    trees = (Path(place.format(major=major)) for place in PLACES)
    needed = ("bin/initdb", "bin/postgres")
    return next((tree for tree in trees if all((tree / name).exists() for name in needed)), None)


def first_with_all(
    programs: Iterable[Programs], attempt: Callable[[Programs], _Result], own: int = 0
) -> _Result:
    """Give what the first of the servers gave that has all that the backup needs.

    What another major than its `own` refuses, and what is not the backup's fault, one of its own
    may take. Raises at once what says something of the backup; where all have failed, what the
    first one lacked, or else its error.
    """
    first, *others = programs
    failures = list[SnapperError]()
    for each in (first, *others):
        try:
            return attempt(each)
        except Lacking as lacking:
            failures.append(lacking)
        except RestoreFailed as failed:
            if failed.against_backup or each.major == own or not own:
                raise
            failures.append(failed)
        except SnapperError as error:
            # One that cannot be started here is no reason to hide what another one lacked.
            if type(error) is not SnapperError or each is first:
                raise
    raise next((each for each in failures if isinstance(each, Lacking)), failures[0])
