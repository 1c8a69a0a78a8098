"""What is in a dump, listed while it is compressed: the same bytes go on, cut where a part begins.

The list is worth less than the backup: where the dump cannot be followed, it goes on without one.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from snapper.engines.digests import AtOnce, Digest, Digester
from snapper.engines.following import Closing, Following, Opening, Piece, RowBytes, Seam, Words
from snapper.errors import SnapperError
from snapper.values.contents import MANY
from snapper.values.parts import Range, Statements, TableRows


@dataclass(slots=True, eq=False)
class Part:
    """One part: a table's rows, or statements of one section."""

    digest: Digest
    opening: Opening | None = None
    rows: int = 0
    section: str = ""
    kinds: Counter[str] | None = None
    head: str = ""

    @property
    def name(self) -> tuple[str, str] | None:
        """The schema and the name of its table, if it has one."""
        return self.opening and (self.opening.schema, self.opening.table)

    def listed(self, ranges: Sequence[Range], offset: int | None = None) -> TableRows | Statements:
        """Give it as the list has it, which is stored in these ranges.

        Where it shares its range with others, `offset` plain bytes are before it there.
        """
        (start, end), *more = ranges
        size, digest = self.digest.bytes, self.digest.sha256
        if self.name:
            return TableRows(
                *self.name, self.rows, size, start, end, digest, tuple(more), self.head, offset
            )
        return Statements(self.kinds or {}, size, start, end, digest)


class Cut(NamedTuple):
    """The next bytes of the dump, the part that begins with them, and how rows may be parted."""

    text: bytes
    part: Part | None = None
    seam: Seam | None = None


class Listing:
    """Follows one dump; `refusal` says why there will be no list."""

    def __init__(
        self,
        following: Following,
        most: int = MANY,
        *,
        beside: bool = True,
        counters: list[tuple[str, str]] | None = None,
    ) -> None:
        """Hash rows in a thread `beside` this one, or in this one.

        Note in `counters`, if it is given, those whose values are set.
        """
        self._following = following
        self._most = most
        self._digester = Digester() if beside else AtOnce()
        self._counters = counters
        self.parts: list[Part] = []
        self._current: Part | None = None
        self._waiting: deque[bytes] = deque()
        self._given = 0
        self.refusal = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._digester.end()

    def on(self, block: bytes) -> Iterator[Cut]:
        """Give the bytes that have come, as far as it is told what they are."""
        self._waiting.append(block)
        return self._cut(self._following.on(block))

    def end(self) -> Iterator[Cut]:
        """Give all that is left."""
        yield from self._cut(self._following.end())
        if self._waiting:
            self.refusal = "the end of it could not be followed"
            yield from self._rest()
        self._close()
        self._digester.settle()

    def _cut(self, pieces: Iterator[Piece]) -> Iterator[Cut]:
        try:
            while not self.refusal and (piece := next(pieces, None)):
                if piece.text:
                    part = self._take(piece)
                    seam = self._seam(piece)
                    for text in self._own(len(piece.text)):
                        yield Cut(text, part, seam)
                        part = None
        except SnapperError as error:
            self.refusal = str(error)
        except Exception as error:
            # A defect of ours: it must cost no backup.
            self.refusal = f"it could not be followed ({type(error).__name__})"
        if self.refusal:
            yield from self._rest()

    def _own(self, size: int) -> Iterator[bytes]:
        """Give the next bytes as they came: what follows the dump can change none of them."""
        while size:
            block, start = self._waiting[0], self._given
            text = block[start : start + size]
            size -= len(text)
            self._given += len(text)
            if self._given == len(block):
                self._waiting.popleft()
                self._given = 0
            yield text

    def _rest(self) -> Iterator[Cut]:
        while self._waiting:
            yield Cut(self._waiting.popleft()[self._given :])
            self._given = 0

    def _seam(self, piece: Piece) -> Seam | None:
        opening = self._current.opening if self._current else None
        return opening.seam if opening and isinstance(piece, RowBytes) else None

    def _take(self, piece: Piece) -> Part | None:
        """Count a piece, and give the part that begins with it."""
        begins = isinstance(piece, Opening) or (isinstance(piece, Words) and self._is_apart(piece))
        if begins:
            self._begin(piece)
        part = self._current
        if part is None:
            raise SnapperError("there are rows of no table")
        match piece:
            case Opening(text):
                part.head = hashlib.sha256(text).hexdigest()
            case RowBytes(text):
                part.digest.update(text)
            case Closing(_, rows):
                part.rows = rows
            case Words(text, kinds, _, counter):
                part.digest.update(text)
                part.kinds = part.kinds or Counter()
                part.kinds.update(kinds)
                if counter and self._counters is not None:
                    self._counters.append(counter)
        return part if begins else None

    def _is_apart(self, words: Words) -> bool:
        part = self._current
        return part is None or part.opening is not None or part.section != words.section

    def _begin(self, piece: Piece) -> None:
        self._close()
        if len(self.parts) == self._most:
            raise SnapperError(f"it has more than {self._most:,} parts")
        opening = piece._replace(text=b"") if isinstance(piece, Opening) else None
        section = piece.section if isinstance(piece, Words) else ""
        self._current = Part(Digest(self._digester), opening, section=section)
        self.parts.append(self._current)

    def _close(self) -> None:
        if part := self._current:
            part.digest.close()
            if part.opening:  # there may be a hundred thousand
                part.opening = part.opening._replace(seam=None)
            self._current = None
