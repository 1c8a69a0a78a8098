"""One part of a backup out of the vault: its range alone is read, and checked while it is unpacked.

The list of contents says where a part lies in the object, and what its plain bytes must be.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

from isal import isal_zlib

from snapper.engines.engine import engine_of
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.parts import MOST_SHARED, Range, Statements, TableRows
from snapper.verbs.runs import Ranges
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


class Shared:
    """The range that was unpacked last, which small tables share: a megabyte at most.

    So it is unpacked once for all of them who are asked for in their order.
    """

    def __init__(self) -> None:
        self._stored: Range | None = None
        self._plain = b""

    def plain(
        self, vault: Ranges, manifest: Manifest, stored: Range, place: str, progress: Progress
    ) -> bytes:
        """Give the plain bytes of a range; raises as reading does."""
        if self._stored != stored:
            pieces = _unpacked(vault, manifest, stored, MOST_SHARED, place, progress)
            self._plain, self._stored = b"".join(pieces), stored
        return self._plain


def read_statements(
    vault: Ranges, manifest: Manifest, part: Statements, progress: Progress = lambda _: None
) -> Iterator[bytes]:
    """Give the plain bytes of what lies between rows; they end only after all was checked.

    `progress` is given the stored bytes read so far. Raises BackupDamaged where they are not those
    of the list, AwsFailed.
    """
    place = _place(manifest, part)
    plain = _unpacked(vault, manifest, (part.start, part.end), part.bytes, place, progress)
    return _checked(plain, part, place)


def read_table(
    vault: Ranges,
    manifest: Manifest,
    table: TableRows,
    progress: Progress = lambda _: None,
    shared: Shared | None = None,
) -> TablePart:
    """Give a table's part, read up to where its rows begin; raises as `read_statements` does.

    So do its rows, while they are read. Where several statements load them it is given as one. What
    it shares with others is read by `shared`, if they are read too.
    """
    place = _place(manifest, table)
    end = engine_of(manifest.engine).sections.rows_end()
    if table.offset is None:
        head, rows = _loaded(vault, manifest, table, table.ranges[0], progress)
    else:
        shared = shared or Shared()
        plain = shared.plain(vault, manifest, table.ranges[0], place, progress)[table.offset :]
        head, others = _parted(iter([plain]), manifest, place)
        rows = _without([next(others)[: table.bytes + len(end)]], end, place)
    if table.head and hashlib.sha256(head).hexdigest() != table.head:
        raise BackupDamaged(f"{place} begins otherwise than the list of contents says")

    def all_rows() -> Iterator[bytes]:
        yield from rows
        done = table.end - table.start
        for one in table.more:
            again, others = _loaded(vault, manifest, table, one, partial(_count, progress, done))
            if not head.endswith(again):
                raise BackupDamaged(f"{place} has rows that are loaded in two ways")
            yield from others
            done += one[1] - one[0]

    return TablePart(head, _checked(all_rows(), table, place), end)


def _count(progress: Progress, before: int, read: int) -> None:
    progress(before + read)


def _loaded(
    vault: Ranges, manifest: Manifest, table: TableRows, stored: Range, progress: Progress
) -> tuple[bytes, Iterator[bytes]]:
    """Give what stands before the rows that one statement loads, and the rows."""
    place = _place(manifest, table, stored)
    end = engine_of(manifest.engine).sections.rows_end()
    most = _LONGEST_HEAD + table.bytes + len(end)
    head, rows = _parted(_unpacked(vault, manifest, stored, most, place, progress), manifest, place)
    return head, _without(rows, end, place)


def _parted(
    pieces: Iterator[bytes], manifest: Manifest, place: str
) -> tuple[bytes, Iterator[bytes]]:
    """Give what stands before rows, and what is from there on."""
    sections = engine_of(manifest.engine).sections
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
    return head[:begun], chain([head[begun:]], pieces)


def _unpacked(
    vault: Ranges, manifest: Manifest, stored: Range, most: int, place: str, progress: Progress
) -> Iterator[bytes]:
    """Read a range of the object; no more than so many plain bytes are given."""
    start, end = stored
    if start == end:
        return
    with vault.open(manifest.dump_key, start, end) as body:
        yield from _inflated(body, stored, most, place, progress)


def _inflated(
    body: Packed, stored: Range, most: int, place: str, progress: Progress
) -> Iterator[bytes]:
    # The first part begins with the head of the gzip, every other one where the compressor began
    # anew: no part needs what was before it.
    start, end = stored
    gunzip = isal_zlib.decompressobj(_WITHIN if start else _GZIP)
    size = end - start
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
        if given > part.bytes:
            raise BackupDamaged(f"{place} unpacks to more than it should")
        yield piece
    if given != part.bytes or digest.hexdigest() != part.sha256:
        raise BackupDamaged(
            f"{place} is not what was stored: {given} bytes of SHA-256 {digest.hexdigest()}, the"
            f" list of contents says {part.bytes} of {part.sha256}"
        )


def _place(manifest: Manifest, part: TableRows | Statements, stored: Range | None = None) -> str:
    what = f"table {part.schema}.{part.table} " if isinstance(part, TableRows) else ""
    start, end = stored or (part.ranges[0][0], part.ranges[-1][1])
    return f"{manifest.dump_key}, {what}from byte {start} to {end},"
