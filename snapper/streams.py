"""Streams of bytes: made of pieces of any size, or around another one."""

import io
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Self

Piece = bytes | memoryview


class PieceReader:
    """Reads what comes next, piece by piece; an error of it must not look like its end.

    So once one was raised, each reading raises it again.
    """

    def __init__(self, more: Callable[[], Piece]) -> None:
        """`more` gives the next piece, an empty one at the end."""
        self._more = more
        self._left: Piece = b""
        self._ended = False
        self._failure: BaseException | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Give exactly `size` bytes, fewer at the end; without a size all that is left.

        s3transfer asks without one when a first part came short.
        """
        # It gives its own bytes away in place of a copy of them: a part is in memory once.
        given = io.BytesIO()
        while (missing := size - given.tell()) and (piece := self.piece()):
            if 0 < missing < len(piece):
                self._left = memoryview(piece)[missing:]
                piece = piece[:missing]
            given.write(piece)
        return given.getvalue()

    def piece(self) -> Piece:
        """Give what is left of the last piece, or the next one; nothing at the end."""
        if self._failure:
            raise self._failure
        piece, self._left = self._left, b""
        if not (piece or self._ended):
            try:
                piece = self._more()
            except BaseException as error:
                self._failure = error
                raise
            self._ended = not piece
        return piece


class Around:
    """A stream that is read through another one, and ends with it."""

    def __init__(self, body: BinaryIO) -> None:
        self._body = body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._body.__exit__(kind, error, trace)


def read_up_to(body: BinaryIO, size: int) -> bytes:
    """Read so many bytes of a stream that may give fewer at a time; fewer only at its end."""
    pieces, missing = [], size
    while missing and (piece := body.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
