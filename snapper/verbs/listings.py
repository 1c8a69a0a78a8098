"""What is known of every backup of many databases: few listings, and what they cannot say."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from snapper.aws.vault import Vault
from snapper.values.keys import Kind
from snapper.verbs.catalog import Listed, in_order, known_of, told
from snapper.verbs.holding import Holding
from snapper.verbs.summary import Summary, read_summaries
from snapper.verbs.survey import Folder, survey

READERS = 16
"""As many as there are connections to the vault."""


@dataclass(frozen=True)
class Seen:
    """What lies in the vault for many databases, and what of it is known without reading it."""

    folders: Mapping[str, Folder]
    known: Summary


def listings(
    vault: Vault, databases: Iterable[str], now: datetime | None = None
) -> dict[str, list[Listed]]:
    """Give for each database what `listing` gives of it; raises what that raises."""
    return read(vault, look(vault, databases, now))


def look(vault: Vault, databases: Iterable[str], now: datetime | None = None) -> Seen:
    """List what lies there for each database, and read the summaries where that is worth it."""
    keys = tuple(databases)
    found = survey(vault, keys, lambda _, folder: folder, now)
    records = {key: folder.records for key, folder in found.items()}
    return Seen({key: found[key] for key in keys}, read_summaries(vault, records))


def read(vault: Vault, seen: Seen) -> dict[str, list[Listed]]:
    """Read the backups of all these databases: at once what no summary knows."""
    readers = ThreadPoolExecutor(READERS)

    def begin(holding: Holding) -> Callable[[], Listed | None]:
        if not holding.pins and all(
            seen.known.record(each) is not None for each in holding.records
        ):
            return partial(known_of, vault, holding, seen.known)
        return readers.submit(known_of, vault, holding, seen.known).result

    try:
        reads = {
            key: [begin(each) for each in folder.holdings if Kind.MANIFEST in each.objects]
            for key, folder in seen.folders.items()
        }
        return {key: told(in_order(read() for read in reads[key])) for key in reads}
    finally:
        # After a failure, or when somebody gives up, nothing more is asked for.
        readers.shutdown(cancel_futures=True)
