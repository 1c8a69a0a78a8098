"""Copies of many small records in one object, each known by its digest alone.

A summary is a gzip of records with a NUL between two: no JSON has one. It names no keys. A record
counts for an object of the bucket where its MD5 and size are those that S3 itself lists for that
object. So nobody has to be trusted with writing summaries: one that is old, cut short or forged can
cost time, and say nothing that the bucket does not.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Mapping

FOLDER = "_summary/"
"""Where summaries lie; no key of a database begins so."""

SHARDS = 16
"""Among so many objects the databases are dealt: who asks for one reads a sixteenth."""

LARGEST = 64 << 10
"""Bytes of a record that goes into a summary; nearly all have a kilobyte or two."""

MOST = 32 << 20
"""Bytes of one summary, unpacked: some 20,000 records."""

MOST_PACKED = MOST // 4
"""Bytes of one in the bucket; records take about a fifth of themselves."""

_BETWEEN = b"\0"
_MOST_RECORDS = 100_000  # each is some hundred bytes at least; forged ones may be of none
_MD5 = 32  # digits
_GZIP = 31  # for zlib: the widest window, and the header of gzip


def shard_of(database: str) -> int:
    """Tell which of the summaries a database's records are in."""
    return zlib.crc32(database.encode()) % SHARDS


def summary_key(shard: int) -> str:
    """Give the key of one of the summaries.

    >>> summary_key(10)
    '_summary/a.gz'
    """
    return f"{FOLDER}{shard:x}.gz"


def digest(etag: str) -> str:
    """Read the MD5 out of an ETag; nothing where that has another form.

    Of an object under a customer's key it has the form, and is no digest: nothing is ever like it.

    >>> digest('"d41d8cd98f00b204e9800998ecf8427e"')
    'd41d8cd98f00b204e9800998ecf8427e'
    >>> digest('"d41d8cd98f00b204e9800998ecf8427e-2"')
    ''
    """
    found = etag.strip('"')
    return found if len(found) == _MD5 else ""


def digest_of(record: bytes) -> str:
    """Give what S3 gives as the ETag of an object with this content, stored in one piece."""
    return hashlib.md5(record, usedforsecurity=False).hexdigest()


def may_hold(size: int) -> bool:
    """Tell whether a record of this size goes into a summary."""
    return 0 < size <= LARGEST


def pack(records: Iterable[bytes]) -> bytes:
    """Write a summary of as many of the records as it may hold, equal from equal ones."""
    kept, size = list[bytes](), 0
    for record in records:
        if may_hold(len(record)) and _BETWEEN not in record and size + len(record) < MOST:
            kept.append(record)
            size += len(record) + 1
    return gzip.compress(_BETWEEN.join(kept), 1, mtime=0)


def unpack(packed: bytes) -> Mapping[str, bytes]:
    """Give the records of a summary by their MD5; of what is none, nothing, or what can be read.

    Nothing is unpacked beyond what a summary may have.
    """
    try:
        plain = zlib.decompressobj(_GZIP).decompress(packed, MOST)
    except zlib.error:
        return {}
    if plain.count(_BETWEEN) > _MOST_RECORDS:
        return {}
    return {digest_of(record): record for record in plain.split(_BETWEEN) if record}
