"""One dumping program's text on its way: read, followed, listed and packed, in one thread."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from snapper.engines.following import Seam
from snapper.engines.listing import Cut, Listing, Part
from snapper.engines.packing import SHARED, Packed, Packer
from snapper.errors import NotFollowed

_READ_AT_ONCE = 256 << 10
_READ_TO_SPLIT = 64 << 10
"""Bytes: there are several that split, and each holds some times as many in memory."""

_READY = 256 << 10
"""Packed bytes that are given on, where nothing is split."""


class Source(Protocol):
    """A stream that gives b"" only at its true end, and raises otherwise."""

    def read(self, size: int, /) -> bytes:
        """Give what has come, at most `size` bytes."""
        ...


class Strand:
    """Packs one source. Others' pieces may come between its own where it is `split`.

    That is done behind so many packed bytes, where a part of the dump ends or a row does: then the
    rest of the table is loaded by one more statement. What has no such place, such as a row of a
    gigabyte or large objects, comes in pieces that are not whole. What a part begins with is held
    until it is all there, or is known not to be small.
    """

    def __init__(self, source: Source, listing: Listing, *, split: int = 0) -> None:
        self.listing = listing
        self._source = source
        self._split = split
        self._part: Part | None = None
        self._held: list[bytes] = []

    def pieces(self) -> Iterator[Packed]:
        """Give all of it; raises what the source does.

        Raises NotFollowed where it is to be split and nobody knows where.
        """
        size = _READ_TO_SPLIT if self._split else _READ_AT_ONCE
        packer = Packer()  # while there is something to pack: it takes half a megabyte
        with self.listing:
            while block := self._source.read(size):
                yield from self._packed(self.listing.on(block), packer)
            yield from self._packed(self.listing.end(), packer)
        yield from self._release(packer, small=True)
        yield packer.take(whole=True)

    def _packed(self, cuts: Iterable[Cut], packer: Packer) -> Iterator[Packed]:
        for text, part, seam in cuts:
            if part:
                yield from self._release(packer, small=True)
                self._part = part
            if part or self._held:
                self._held.append(text)
                if sum(map(len, self._held)) > SHARED:
                    yield from self._release(packer)
            else:
                yield from self._parted(text, seam, packer)
        if self._split and self.listing.refusal:
            raise NotFollowed(
                f"nobody knows where its rows may be parted: {self.listing.refusal}",
                hint="set dumpJobs to 1 for this database",
            )

    def _release(self, packer: Packer, *, small: bool = False) -> Iterator[Packed]:
        """Pack what is held, with which a part begins; all of it where that is `small`."""
        if self._part and self._held:
            if self._is_due(packer):
                yield packer.take(whole=True)
            packer.begin(self._part, small=small and self._part.name is not None)
            yield from self._added(b"".join(self._held), packer)
            self._held = []

    def _parted(self, text: bytes, seam: Seam | None, packer: Packer) -> Iterator[Packed]:
        if seam and self._part and self._is_due(packer):
            # Behind the first row that ends here: so each statement has a row at least.
            end = text.find(seam.row_end) + len(seam.row_end)
            if len(seam.row_end) <= end < len(text):
                packer.add(text[:end] + seam.ends)
                yield packer.take(whole=True)
                packer.begin(self._part)
                text = seam.begins + text[end:]
        yield from self._added(text, packer)

    def _added(self, text: bytes, packer: Packer) -> Iterator[Packed]:
        packer.add(text)
        if packer.size >= (2 * self._split or _READY):
            yield packer.take(whole=False)

    def _is_due(self, packer: Packer) -> bool:
        return bool(self._split) and (packer.size >= self._split or packer.is_open)
