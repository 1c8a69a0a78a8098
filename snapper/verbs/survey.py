"""What lies in the vault for many databases, in as few listings as can be.

A listing gives a thousand objects at once, in the order of their keys, so it goes from one folder
to the next instead of beginning anew for each. Where others have many objects in between, it leaps.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import TypeVar

from snapper.aws.vault import StoredObject, Vault
from snapper.values.keys import prefix, trial_key
from snapper.verbs.catalog import grouped
from snapper.verbs.holding import Holding

_READERS = 8

PAGE = 1000
"""Objects that one call lists. Source: ListObjectsV2."""

T = TypeVar("T")


@dataclass(frozen=True)
class Folder:
    """What lies in the vault of one database: its holdings, newest first, and its last trial."""

    holdings: list[Holding]
    trial: StoredObject | None

    @property
    def records(self) -> list[StoredObject]:
        """What has to be read to know its backups."""
        records = [record for each in self.holdings for record in each.records]
        return [*records, self.trial] if self.trial else records


def survey(
    vault: Vault,
    databases: Iterable[str],
    look: Callable[[str, Folder], T],
    now: datetime | None = None,
) -> dict[str, T]:
    """Give what `look` makes of each database and of what lies there of it.

    Nothing else is kept of it meanwhile. Raises AwsFailed if the vault cannot be listed.
    """
    seen_at = now or datetime.now(UTC)
    folders = sorted({prefix(key): key for key in databases}.items())
    share = max(ceil(len(folders) / _READERS), 1)

    def look_at(some: Sequence[tuple[str, str]]) -> list[tuple[str, T]]:
        keys = dict(some)
        return [
            (keys[folder], look(keys[folder], _folder(keys[folder], objects, seen_at)))
            for folder, objects in _walk(vault, list(keys))
        ]

    with ThreadPoolExecutor(_READERS) as readers:
        shares = (folders[start : start + share] for start in range(0, len(folders), share))
        return dict(each for found in readers.map(look_at, shares) for each in found)


def _folder(database: str, objects: list[StoredObject], seen_at: datetime) -> Folder:
    last = trial_key(database)
    trial = next((each for each in objects if each.key == last), None)
    return Folder(grouped(database, objects, seen_at), trial)


def _walk(vault: Vault, folders: Sequence[str]) -> Iterator[tuple[str, list[StoredObject]]]:
    """Yield each of the folders, which are in order, with all objects in it."""
    number, objects = 0, list[StoredObject]()
    while number < len(folders):
        strangers = 0
        for stored in vault.list("", after=folders[number]):
            while number < len(folders) and _is_past(folders[number], stored.key):
                yield folders[number], objects
                number, objects = number + 1, []
            if number == len(folders):
                return
            if stored.key.startswith(folders[number]):
                objects.append(stored)
                strangers = 0
            elif (strangers := strangers + 1) == PAGE:
                break
        else:
            for folder in folders[number:]:
                yield folder, objects
                objects = []
            return


def _is_past(folder: str, key: str) -> bool:
    return key > folder and not key.startswith(folder)
