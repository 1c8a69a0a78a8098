"""SHA-256 beside the work: a thread of its own hashes what another one reads and compresses."""

import hashlib
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

_AT_ONCE = 512 << 10
"""Bytes that are worth the thread's while."""

_MOST_WAITING = 8
"""So many times as many bytes may wait for it."""


class Digester:
    """The thread, and what waits for it; digests of what is small are made at once."""

    at_once = _AT_ONCE

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "digests")
        self._waiting: deque[Future[None]] = deque()

    def feed(self, digest: "hashlib._Hash", texts: Sequence[bytes]) -> None:
        """Have a digest take these texts, in their order; waits while too much is waiting."""
        while len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(_feed, digest, texts))

    def settle(self) -> None:
        """Wait until all texts are taken."""
        while self._waiting:
            self._waiting.popleft().result()

    def end(self) -> None:
        """Let the thread go; what still waits is of no use any more."""
        self._thread.shutdown(cancel_futures=True)


class AtOnce:
    """Hashes in the thread that asks for it, as a `Digester` does beside it."""

    at_once = 32 << 10

    def feed(self, digest: "hashlib._Hash", texts: Sequence[bytes]) -> None:
        """Have a digest take these texts."""
        _feed(digest, texts)

    def settle(self) -> None:
        """Nothing waits."""

    def end(self) -> None:
        """There is nothing to let go."""


class Digest:
    """The SHA-256 and the length of texts that come piece by piece."""

    # There may be a hundred thousand of them, and a hash that goes on takes more than its end.
    __slots__ = ("_digester", "_hash", "_size", "_small", "_texts", "bytes")

    def __init__(self, digester: Digester | AtOnce) -> None:
        self.bytes = 0
        self._digester = digester
        self._hash: hashlib._Hash | None = None
        self._small = ""
        self._texts: list[bytes] = []
        self._size = 0

    def update(self, text: bytes) -> None:
        """Take one more text."""
        self.bytes += len(text)
        self._size += len(text)
        self._texts.append(text)
        if self._size >= self._digester.at_once:
            self._hash = self._hash or hashlib.sha256()
            self._digester.feed(self._hash, self._texts)
            self._texts, self._size = [], 0

    def close(self) -> None:
        """Take no more."""
        if self._hash:
            self._digester.feed(self._hash, self._texts)
        else:
            self._small = hashlib.sha256(b"".join(self._texts)).hexdigest()
        del self._texts

    @property
    def sha256(self) -> str:
        """The hexadecimal digest: of all, when it is closed and the digester has settled."""
        return self._hash.hexdigest() if self._hash else self._small


def _feed(digest: "hashlib._Hash", texts: Sequence[bytes]) -> None:
    for text in texts:
        digest.update(text)
