"""A stream that is sealed while it is read, without a file and with little of it in memory.

The library pulls what it seals and pushes what it sealed. So it works in a thread of its own, to
which each reading hands what is next of the source: the source is read by who reads this stream,
and what it raises is raised to them. The thread waits for nobody but them.
"""

import hashlib
import io
from collections import deque
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Protocol, Self

from snapper.errors import DumpFailed
from snapper.sealing.recipient import Recipient
from snapper.streams import Piece, PieceReader

_BLOCK = 1 << 19
"""Bytes of the source that are handed over at once, or some more."""

_AHEAD = 2
"""Blocks that may wait for the thread."""


class Source(Protocol):
    """What is sealed: a stream that raises rather than end early."""

    def piece(self) -> Piece:
        """Give what comes next, nothing at the true end."""
        ...

    def check(self) -> None:
        """Raise if nobody waits for the stream any more."""
        ...

    def commit(self) -> None:
        """Raise as `check` does, or count as done."""
        ...


class SealedStream:
    """Reads a stream as one age file; at its end `sha256` and `backup_bytes` are those of the file.

    A block leaves no thread behind, however it ends.
    """

    def __init__(self, stream: Source, recipients: Iterable[Recipient]) -> None:
        self._stream = stream
        self._work = _Work([each.library_key() for each in recipients])
        self._reader = PieceReader(self._next)
        self._ready: deque[bytes] = deque()
        self._ended = False

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the whole file, when all was read."""
        return self._work.hash.hexdigest()

    @property
    def backup_bytes(self) -> int:
        """How many bytes the file has so far."""
        return self._work.size

    def check(self) -> None:
        """Raise if nobody waits for the stream any more."""
        self._stream.check()

    def commit(self) -> None:
        """Take the last step, if it was not stopped before."""
        self._stream.commit()

    def read(self, size: int = -1, /) -> bytes:
        """Give exactly `size` bytes, fewer at the end; without a size all that is left.

        Raises what the source does, DumpFailed where it could not be sealed; each time.
        """
        return self._reader.read(size)

    def _next(self) -> Piece:
        while not (self._ready or self._ended):
            block = self._block()
            self._ready.extend(self._work.take(block))
            self._ended = not block
        return self._ready.popleft() if self._ready else b""

    def _block(self) -> list[Piece]:
        block, size = list[Piece](), 0
        while size < _BLOCK and (piece := self._stream.piece()):
            block.append(piece)
            size += len(piece)
        return block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._work.end()


class _Stopped(Exception):
    """Nobody waits for it any more."""


class _Work:
    """The thread with the library, and what goes to it and comes from it."""

    def __init__(self, keys: list[object]) -> None:
        self.hash = hashlib.sha256()
        self.size = 0
        self._keys = keys
        self._blocks: SimpleQueue[list[Piece] | None] = SimpleQueue()
        """An empty one is the end of the source, None that nobody waits any more."""
        self._answers: SimpleQueue[list[bytes] | None] = SimpleQueue()
        """What was sealed while a block was read, and None when it is over."""
        self._sealed: list[bytes] = []
        self._unanswered = 0
        self._ended = False
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, name="sealing", daemon=True)

    def take(self, block: list[Piece]) -> list[bytes]:
        """Hand the next block to the thread, an empty one at the end; gives what was sealed.

        Raises DumpFailed where it cannot be sealed.
        """
        if self._thread.ident is None:
            self._thread.start()
        self._blocks.put(block)
        self._unanswered += 1
        sealed: list[bytes] = []
        while self._unanswered > _AHEAD or not block:
            answer = self._answers.get()
            if answer is None:
                self._check()
                break
            sealed += answer
            self._unanswered -= 1
        return sealed

    def end(self) -> None:
        """Have the thread stop, wherever it is."""
        self._blocks.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _check(self) -> None:
        if self._failure or not self._ended:
            why = self._failure or "it ended before the dump did"
            raise DumpFailed(f"the dump could not be sealed: {why}")

    def _run(self) -> None:
        try:
            import pyrage

            pyrage.encrypt_io(_Incoming(self._pieces()), self, self._keys)
        except BaseException as error:  # the library's own panic is no Exception
            self._failure = error
        self._answer()
        self._answers.put(None)

    def _pieces(self) -> Iterator[Piece]:
        while block := self._blocks.get():
            yield from block
            self._answer()
        if block is None:
            raise _Stopped
        self._ended = True  # and the library knows it

    def _answer(self) -> None:
        self._answers.put(self._sealed)
        self._sealed = []

    def write(self, text: bytes, /) -> int:
        """Keep what the library sealed."""
        self.hash.update(text)
        self.size += len(text)
        self._sealed.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back here."""


class _Incoming:
    """What the library reads: in pieces of the size that it asks for, which is a small one."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self._piece = io.BytesIO()

    def read(self, size: int, /) -> bytes:
        while not (text := self._piece.read(size)) and (piece := next(self._pieces, None)):
            self._piece = io.BytesIO(piece)
        return text
