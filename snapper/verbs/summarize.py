"""Keeps the summaries: what has changed since the last time is read, and nothing else."""

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AwsFailed, BackupDamaged, ObjectGone
from snapper.values.summary import (
    MOST_PACKED,
    SHARDS,
    digest,
    digest_of,
    may_hold,
    pack,
    shard_of,
    summary_key,
    unpack,
)
from snapper.verbs.events import Events

MOST_NEW = 5_000
"""Records that are read in one go; the next one goes on, in an hour."""

_READERS = 16
_GZIP = "application/gzip"

Found = Mapping[str, Sequence[StoredObject]]
"""The records there are, by database."""


def summarize(
    vault: Vault,
    found: Found,
    events: Events,
    most_new: int = MOST_NEW,
    *,
    locked_for: timedelta | None = None,
) -> None:
    """Bring each summary up to what was found.

    Logs `summary.kept`: how many records they hold and how many were read for it, how many are
    left to be read, and why, where that is not for their number. Raises AwsFailed if a summary
    cannot be written, or may not be read. In a bucket that locks what is put there, each is locked
    for this long only: there is a new one every hour.
    """
    held = read = left = 0
    faults = list[str]()
    for shard in range(SHARDS):
        wanted = _wanted(found, shard)
        before = unpack(_packed(vault, shard))
        known = {md5: before[md5] for md5 in wanted if md5 in before}
        missing = [stored for md5, stored in wanted.items() if md5 not in before]
        if len(missing) > most_new - read:
            # Some may be unreadable: they are not to keep the others out, each time anew.
            missing = secrets.SystemRandom().sample(missing, most_new - read)
        read += len(missing)
        known |= _read(vault, missing, faults)
        if known.keys() != before.keys():
            records = [known[md5] for md5 in wanted if md5 in known]
            _keep(vault, summary_key(shard), pack(records), locked_for)
        held += len(known)
        left += len(wanted) - len(known)
    why = {"reason": faults[0]} if faults else {}
    events.emit("summary.kept", records=held, read=read, left=left, **why)


def _keep(vault: Vault, key: str, packed: bytes, locked_for: timedelta | None) -> None:
    if locked_for is None:
        vault.put(key, packed, _GZIP)
    else:
        vault.put_for(key, packed, _GZIP, locked_for)


def _packed(vault: Vault, shard: int) -> bytes:
    """Give a summary as it lies there; nothing where there is none, or what is no summary."""
    try:
        return vault.read(summary_key(shard), MOST_PACKED)
    except (ObjectGone, BackupDamaged):
        return b""


def _wanted(found: Found, shard: int) -> dict[str, StoredObject]:
    """Give by their MD5 the records that belong into one summary, in the order of their keys."""
    records = (
        stored
        for database in sorted(found)
        if shard_of(database) == shard
        for stored in found[database]
    )
    return {md5: each for each in records if may_hold(each.size) and (md5 := digest(each.etag))}


def _read(vault: Vault, missing: Sequence[StoredObject], faults: list[str]) -> dict[str, bytes]:
    """Read those that can be read, and are as they were listed; add what kept us from others."""

    def read(stored: StoredObject) -> bytes:
        try:
            return vault.read(stored.key, stored.size)
        except ObjectGone:
            return b""
        except (AwsFailed, BackupDamaged) as failure:
            faults.append(str(failure))
            return b""

    with ThreadPoolExecutor(_READERS) as readers:
        texts = zip(missing, readers.map(read, missing), strict=True)
        return {md5: text for each, text in texts if (md5 := digest_of(text)) == digest(each.etag)}
