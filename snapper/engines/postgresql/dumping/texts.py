"""What several pg_dumps write, each without what is another's: together it is the text of one.

Every pg_dump begins with the same settings and ends with the same words. And what stands before all
rows is written twice, for whoever writes what stands behind them must know it: rights stand at the
very end of a dump, those on what was made at its beginning too, so that nobody is kept from filling
a table by a right that somebody has taken from its owner.
"""

import hashlib
import threading

from snapper.engines.checked_dump import CheckedDump
from snapper.errors import DumpFailed

_HEAD_ENDS = b"SET row_security = off;\n\n"
"""The last of the settings with which each begins."""

_LONGEST_HEAD = 1 << 16

_GLANCE = 0.25
"""Seconds until who waits for another text looks whether all is stopped."""

_CHANGED = "something was defined anew while pg_dump read the catalogue: the job is tried again"


def end_of(key: str) -> bytes:
    r"""Give the end of a dump whose `\restrict` has this key."""
    marker = "--\n-- PostgreSQL database dump complete\n--\n\n"
    return f"{marker}\\unrestrict {key}\n\n".encode()


class Endless:
    """A dump without its end, which is held back, and checked when nothing follows it."""

    def __init__(self, dump: CheckedDump, end: bytes) -> None:
        self._dump = dump
        self._end = end
        self._held = b""

    def read(self, size: int, /) -> bytes:
        """Give what has come, at most `size` bytes; raises DumpFailed as the dump does."""
        while block := self._dump.read(max(size - len(self._end), 1)):
            text = self._held + block
            self._held = text[-len(self._end) :]
            if given := text[: -len(self._end)]:
                return given
        if self._held != self._end:
            raise DumpFailed(f"{self._dump.name} ended with other words than it should")
        return b""


class Beginning(Endless):
    """What stands before the rows; `size` and `digest` are of all that was given."""

    def __init__(self, dump: CheckedDump, end: bytes) -> None:
        super().__init__(dump, end)
        self._hash = hashlib.sha256()
        self.size = 0
        self.ended = threading.Event()

    @property
    def digest(self) -> bytes:
        """The SHA-256 of what was given."""
        return self._hash.digest()

    def read(self, size: int, /) -> bytes:
        """Give what has come, as `Endless` does."""
        block = super().read(size)
        self._hash.update(block)
        self.size += len(block)
        if not block:
            self.ended.set()
        return block


class RowsOnly(Endless):
    """Rows, and what stands among them, without the settings before them."""

    def __init__(self, dump: CheckedDump, end: bytes) -> None:
        super().__init__(dump, end)
        self._head = b""
        self._begun = False

    def read(self, size: int, /) -> bytes:
        """Give what has come, as `Endless` does."""
        while not self._begun:
            block = super().read(size)
            self._head += block
            _, found, text = self._head.partition(_HEAD_ENDS)
            if found:
                self._begun, self._head = True, b""
                if text:
                    return text
            elif not block or len(self._head) > _LONGEST_HEAD:
                raise DumpFailed(f"{self._dump.name} began with other words than it should")
        return super().read(size)


class Remainder:
    """What stands behind the rows: of a dump without any, all but what it begins with."""

    def __init__(self, dump: CheckedDump, beginning: Beginning) -> None:
        self._dump = dump
        self._beginning = beginning
        self._hash = hashlib.sha256()
        self._passed = 0

    def read(self, size: int, /) -> bytes:
        """Give what has come behind the beginning, when somebody has read that to its end.

        Raises DumpFailed as the dump does, or if it began otherwise.
        """
        beginning = self._beginning
        while not beginning.ended.wait(_GLANCE):
            self._dump.check()
        while self._passed < beginning.size:
            block = self._dump.read(min(size, beginning.size - self._passed))
            self._hash.update(block)
            self._passed += len(block)
            passed = self._passed == beginning.size
            if not block or (passed and self._hash.digest() != beginning.digest):
                raise DumpFailed("two dumps of one snapshot begin differently", hint=_CHANGED)
        return self._dump.read(size)
