"""What records say without reading each of them: out of the summaries that the watcher keeps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AwsFailed, BackupDamaged
from snapper.values.summary import MOST_PACKED, digest, shard_of, summary_key, unpack

WORTH = 16
"""So many records are read one by one as quickly as a summary."""

_READERS = 8


@dataclass(frozen=True)
class Summary:
    """Records by their MD5, whoever has written them down."""

    records: Mapping[str, bytes] = field(default_factory=dict)

    def record(self, stored: StoredObject | None) -> bytes | None:
        """Give the content of an object that was listed, if it is known.

        It is what the listing speaks of: who forges another must find one of the same MD5.
        """
        found = self.records.get(digest(stored.etag)) if stored else None
        return found if stored and found is not None and len(found) == stored.size else None


NOTHING_KNOWN = Summary()


def read_summaries(vault: Vault, wanted: Mapping[str, Sequence[StoredObject]]) -> Summary:
    """Read those that are worth it for these records, by database.

    One that is not there, or that may or can not be read, is no error: then less is known.
    """
    counts = Counter[int]()
    for database, records in wanted.items():
        counts[shard_of(database)] += len(records)
    shards = [shard for shard, count in counts.items() if count > WORTH]
    known = dict[str, bytes]()
    if shards:
        with ThreadPoolExecutor(_READERS) as readers:
            for packed in readers.map(lambda shard: _packed(vault, shard), shards):
                known.update(unpack(packed))
    return Summary(known)


def _packed(vault: Vault, shard: int) -> bytes:
    """Give one as it lies there; nothing where it may or can not be read."""
    try:
        return vault.read(summary_key(shard), MOST_PACKED)
    except (AwsFailed, BackupDamaged):
        return b""
