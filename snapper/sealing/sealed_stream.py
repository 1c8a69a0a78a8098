"""A stream that is sealed while it is read, without a file and with little of it in memory.

The library pulls what it seals and pushes what it sealed. So it works in a thread of its own, to
which each reading hands what is next of the source: the source is read by who reads this stream,
and what it raises is raised to them. The thread waits for nobody but them.
"""

import hashlib
import io
from collections import deque
from collections.abc import Iterable
from threading import Condition, Thread
from typing import Protocol, Self

from snapper.errors import DumpFailed
from snapper.sealing.recipient import Recipient

_BLOCK = 1 << 17
"""Bytes of the source that are handed over at once: a larger block costs more to have and to give
back than it saves."""

_AHEAD = 8
"""Blocks that may wait for the thread."""


class Source(Protocol):
    """What is sealed: a stream that raises rather than end early."""

    def read(self, size: int = -1, /) -> bytes:
        """Give exactly `size` bytes, or fewer at the true end."""
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
        self._ready: deque[memoryview] = deque()
        self._ended = False
        self.backup_bytes = 0

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the whole file, when all was read."""
        return self._work.hash.hexdigest()

    def check(self) -> None:
        """Raise if nobody waits for the stream any more."""
        self._stream.check()

    def commit(self) -> None:
        """Take the last step, if it was not stopped before."""
        self._stream.commit()

    def read(self, size: int = -1, /) -> bytes:
        """Give exactly `size` bytes, fewer at the end; without a size all that is left.

        Raises what the source does, DumpFailed where it could not be sealed.
        """
        given = io.BytesIO()
        while (missing := size - given.tell()) and self._fill():
            text = self._ready.popleft()
            if 0 < missing < len(text):
                self._ready.appendleft(text[missing:])
                text = text[:missing]
            given.write(text)
        self.backup_bytes += given.tell()
        return given.getvalue()

    def _fill(self) -> bool:
        """Have something ready; False at the end."""
        while not (self._ready or self._ended):
            block = self._stream.read(_BLOCK)
            self._ready.extend(map(memoryview, self._work.take(block)))
            self._ended = not block
        return bool(self._ready)

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
        self._keys = keys
        self._waiting: deque[bytes] = deque()
        self._sealed: deque[bytes] = deque()
        self._changed = Condition()
        self._stopped = self._ended = self._over = False
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, name="sealing", daemon=True)

    def take(self, block: bytes) -> list[bytes]:
        """Hand the next block to the thread, b"" at the end; gives what was sealed meanwhile.

        Raises DumpFailed where it cannot be sealed.
        """
        if self._thread.ident is None:
            self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self._waiting) < _AHEAD)
            self._waiting.append(block)
            self._changed.notify_all()
            if not block:
                self._changed.wait_for(lambda: self._over)
            if self._failure or (self._over and not self._ended):
                why = self._failure or "it ended before the dump did"
                raise DumpFailed(f"the dump could not be sealed: {why}")
            sealed = [*self._sealed]
            self._sealed.clear()
        return sealed

    def end(self) -> None:
        """Have the thread stop, wherever it is."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            import pyrage

            pyrage.encrypt_io(_Incoming(self._next), _Outgoing(self._keep), self._keys)
        except BaseException as error:  # the library's own panic is no Exception
            self._failure = error
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._waiting)
            if self._stopped:
                raise _Stopped
            self._changed.notify_all()
            block = self._waiting.popleft()
            self._ended = not block  # and the thread knows it
            return block

    def _keep(self, text: bytes) -> None:
        self.hash.update(text)
        self._sealed.append(text)


class _Incoming:
    """What the library reads: in pieces of the size that it asks for, which is a small one."""

    def __init__(self, more: "_Next") -> None:
        self._more = more
        self._block = io.BytesIO()
        self._ended = False

    def read(self, size: int, /) -> bytes:
        piece = self._block.read(size)
        if not (piece or self._ended):
            self._block = io.BytesIO(self._more())
            piece = self._block.read(size)
            self._ended = not piece
        return piece


class _Next(Protocol):
    def __call__(self) -> bytes: ...


class _Keep(Protocol):
    def __call__(self, text: bytes) -> None: ...


class _Outgoing:
    """What the library writes to."""

    def __init__(self, keep: "_Keep") -> None:
        self._keep = keep

    def write(self, text: bytes, /) -> int:
        self._keep(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back here."""
