"""What is in a dump, listed while it is compressed: the same bytes go on, cut where a part begins.

The list is worth less than the backup: where the dump cannot be followed, it goes on without one.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

from snapper.engines.digests import Digest, Digester
from snapper.engines.following import Closing, Following, Opening, Piece, RowBytes, Words
from snapper.errors import SnapperError
from snapper.values.contents import MANY, Contents, Statements, TableRows


class Cut(NamedTuple):
    """The next bytes of the dump, and whether a part begins with them."""

    text: bytes
    begins: bool = False


@dataclass(slots=True)
class _Part:
    """One part: a table's rows, or statements of one section."""

    digest: Digest
    opening: Opening | None = None
    rows: int = 0
    section: str = ""
    kinds: Counter[str] | None = None


class Listing:
    """Follows one dump; `refusal` says why there will be no list."""

    def __init__(self, following: Following, most: int = MANY) -> None:
        self._following = following
        self._most = most
        self._digester = Digester()
        self._parts: list[_Part] = []
        self._current: _Part | None = None
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

    def contents(self, sha256: str, edges: Sequence[int]) -> Contents | None:
        """Give the list of a dump that was stored under this digest; None if there is none.

        The `edges` are where in the object each part begins, and the end of the last.
        """
        if self.refusal:
            return None
        tables, statements = [], []
        for part, (start, end) in zip(self._parts, pairwise(edges), strict=True):
            size, digest = part.digest.bytes, part.digest.sha256
            if part.opening:
                _, schema, table = part.opening
                tables.append(TableRows(schema, table, part.rows, size, start, end, digest))
            else:
                statements.append(Statements(part.kinds or {}, size, start, end, digest))
        return Contents(sha256, tuple(tables), tuple(statements))

    def _cut(self, pieces: Iterator[Piece]) -> Iterator[Cut]:
        try:
            while not self.refusal and (piece := next(pieces, None)):
                if piece.text:
                    begins = self._take(piece)
                    for text in self._own(len(piece.text)):
                        yield Cut(text, begins)
                        begins = False
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

    def _take(self, piece: Piece) -> bool:
        """Count a piece, and tell whether a part begins with it."""
        begins = isinstance(piece, Opening) or (isinstance(piece, Words) and self._is_apart(piece))
        if begins:
            self._begin(piece)
        part = self._current
        if part is None:
            raise SnapperError("there are rows of no table")
        match piece:
            case RowBytes(text):
                part.digest.update(text)
            case Closing(_, rows):
                part.rows = rows
            case Words(text, kinds):
                part.digest.update(text)
                part.kinds = part.kinds or Counter()
                part.kinds.update(kinds)
        return begins

    def _is_apart(self, words: Words) -> bool:
        part = self._current
        return part is None or part.opening is not None or part.section != words.section

    def _begin(self, piece: Piece) -> None:
        self._close()
        if len(self._parts) == self._most:
            raise SnapperError(f"it has more than {self._most:,} parts")
        opening = piece._replace(text=b"") if isinstance(piece, Opening) else None
        section = piece.section if isinstance(piece, Words) else ""
        self._current = _Part(Digest(self._digester), opening, section=section)
        self._parts.append(self._current)

    def _close(self) -> None:
        if self._current:
            self._current.digest.close()
            self._current = None
