"""One part of a backup out of the vault: its range alone is read, and checked while it is unpacked.

The list of contents says where a part lies in the object, and what its plain bytes must be.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from isal import isal_zlib

from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.errors import BackupDamaged
from snapper.values.contents import Statements, TableRows
from snapper.values.manifest import Manifest
from snapper.verbs.unpacked import Packed, Progress, why

_BLOCK = 1 << 20
_GZIP = 16 + isal_zlib.MAX_WBITS
_WITHIN = -isal_zlib.MAX_WBITS

_LONGEST_HEAD = 1 << 20
"""Bytes before a table's rows; with 1,600 columns of the longest names there are a fifth of it."""


@dataclass(frozen=True)
class TablePart:
    """One table's part, which can be read once: what stands before its rows, the rows, their end.

    The rows end only after they were checked; until then they are not to be relied upon.
    """

    head: bytes
    rows: Iterator[bytes]
    end: bytes

    def __iter__(self) -> Iterator[bytes]:
        """Give it as it stands in the dump."""
        yield self.head
        yield from self.rows
        yield self.end


def read_statements(
    vault: Vault, manifest: Manifest, part: Statements, progress: Progress = lambda _: None
) -> Iterator[bytes]:
    """Give the plain bytes of what lies between rows; they end only after all was checked.

    `progress` is given the stored bytes read so far. Raises BackupDamaged where they are not those
    of the list, AwsFailed.
    """
    plain = _unpacked(vault, manifest, part, part.bytes, progress)
    return _checked(plain, part, _place(manifest, part))


def read_table(
    vault: Vault, manifest: Manifest, table: TableRows, progress: Progress = lambda _: None
) -> TablePart:
    """Give a table's part, read up to where its rows begin; raises as `read_statements` does.

    So do its rows, while they are read.
    """
    place = _place(manifest, table)
    sections = engine_of(manifest.engine).sections
    end = sections.rows_end()
    most = _LONGEST_HEAD + table.bytes + len(end)
    pieces = _unpacked(vault, manifest, table, most, progress)
    head, begun = b"", None
    for piece in pieces:
        head += piece
        try:
            begun = sections.rows_begin(head)
        except ValueError as odd:
            raise BackupDamaged(f"{place} begins with {odd}: no table's rows") from None
        if begun is not None or len(head) > _LONGEST_HEAD:
            break
    if begun is None:
        raise BackupDamaged(f"{place} does not begin as a table's rows do")
    rows = _checked(_without(chain([head[begun:]], pieces), end, place), table, place)
    return TablePart(head[:begun], rows, end)


def _unpacked(
    vault: Vault, manifest: Manifest, part: TableRows | Statements, most: int, progress: Progress
) -> Iterator[bytes]:
    """Read the range of a part; no more than so many plain bytes are given."""
    if part.start == part.end:
        return
    with vault.open(manifest.dump_key, part.start, part.end) as body:
        yield from _inflated(body, part, most, _place(manifest, part), progress)


def _inflated(
    body: Packed, part: TableRows | Statements, most: int, place: str, progress: Progress
) -> Iterator[bytes]:
    # The first part begins with the head of the gzip, every other one where the compressor began
    # anew: no part needs what was before it.
    gunzip = isal_zlib.decompressobj(_WITHIN if part.start else _GZIP)
    size = part.end - part.start
    read = given = 0
    try:
        while block := body.read(_BLOCK):
            read += len(block)
            if read > size:
                break  # and it is found to be too long
            progress(read)
            while piece := gunzip.decompress(block, _BLOCK):
                given += len(piece)
                if given > most:
                    raise BackupDamaged(f"{place} unpacks to more than it should")
                yield piece
                block = gunzip.unconsumed_tail
    except isal_zlib.error as error:  # type: ignore[misc]  # the stub lacks the class
        raise BackupDamaged(f"{place} cannot be unpacked{why(error)}") from None
    if read != size:
        raise BackupDamaged(f"{place} has {read} bytes in place of {size}")


def _without(pieces: Iterable[bytes], end: bytes, place: str) -> Iterator[bytes]:
    """Give all but the end, which must be this one."""
    kept = b""
    for piece in pieces:
        kept += piece
        if len(kept) > len(end):
            yield kept[: -len(end)]
            kept = kept[-len(end) :]
    if kept != end:
        raise BackupDamaged(f"{place} does not end as a table's rows do")


def _checked(pieces: Iterable[bytes], part: TableRows | Statements, place: str) -> Iterator[bytes]:
    digest, given = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        given += len(piece)
        yield piece
    if given != part.bytes or digest.hexdigest() != part.sha256:
        raise BackupDamaged(
            f"{place} is not what was stored: {given} bytes of SHA-256 {digest.hexdigest()}, the"
            f" list of contents says {part.bytes} of {part.sha256}"
        )


def _place(manifest: Manifest, part: TableRows | Statements) -> str:
    what = f"table {part.schema}.{part.table} " if isinstance(part, TableRows) else ""
    return f"{manifest.dump_key}, {what}from byte {part.start} to {part.end},"
