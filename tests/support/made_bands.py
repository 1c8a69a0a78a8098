"""Dumps that several programs make at once, without programs: texts, and what became of them."""

import io
import random
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from snapper.engines import bands as bands_of
from snapper.engines.following import Closing, Opening, RowBytes, Words
from snapper.engines.listing import Listing
from snapper.engines.postgresql.reading.following import Following
from snapper.engines.strand import Strand
from snapper.engines.stream import GzipStream
from snapper.errors import SnapperError

COPY = b'\n--\n-- Data\n--\n\nCOPY "s"."%b" ("a") FROM stdin;\n'
BEFORE = b"--\n-- PostgreSQL database dump\n--\n\nSET row_security = off;\n"
AFTER = b"\n\nSET lock_timeout = 0;\n\n--\n-- PostgreSQL database dump complete\n--\n"


def noise(size: int, seed: int = 0) -> bytes:
    """Give about so many bytes of rows that hardly pack, of any bytes that rows may have."""
    octets = random.Random(seed).randbytes(size)  # noqa: S311  any bytes will do
    for never in (b"\0", b"\r", b"\\"):
        octets = octets.replace(never, b"\\\\")
    return octets.rstrip(b"\\") + b"\n" if size else b""


def table(name: bytes, rows: bytes) -> bytes:
    return COPY % name + rows + b"\\.\n\n"


class Text(io.BytesIO):
    """One text, in pieces of at most so many bytes; it may wait, or fail, at its end."""

    def __init__(
        self,
        text: bytes,
        step: int = 1 << 30,
        fault: SnapperError | None = None,
        waits: threading.Event | None = None,
    ) -> None:
        super().__init__(text)
        self._step = step
        self.fault = fault
        self._waits = waits

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(min(size or 0, self._step))
        if not block and self._waits:
            self._waits.wait()
        if not block and self.fault:
            raise self.fault
        return block


class MadeBands:
    """What an engine gives, and what it was told."""

    def __init__(self, *bands: Text, before: Text | None = None, after: Text | None = None) -> None:
        self._texts = (before or Text(BEFORE), *bands, after or Text(AFTER))
        self.before: bands_of.Text = self._texts[0]
        self.bands: Sequence[bands_of.Text] = bands
        self.after: bands_of.Text = self._texts[-1]
        self.told: Sequence[bands_of.Arrived] = ()
        self.missing: SnapperError | None = None
        self.stopped: SnapperError | None = None
        self.committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Nothing is left."""

    def came(self, arrived: Sequence[bands_of.Arrived]) -> None:
        self.told = arrived
        if self.missing:
            raise self.missing

    def check(self) -> None:
        if self.stopped:
            raise self.stopped

    def commit(self) -> None:
        self.check()
        self.committed = True

    def stop(self, reason: SnapperError) -> bool:
        self.stopped = self.stopped or reason
        for text in self._texts:
            text.fault = self.stopped
            if text._waits:
                text._waits.set()
        return not self.committed

    def last_words(self) -> str:
        return ""


def strand(text: Text, split: int) -> Strand:
    return Strand(text, Listing(Following("UTF8"), beside=False), split=split)


def stored(stream: GzipStream, size: int = 1 << 20) -> bytes:
    return b"".join(iter(lambda: stream.read(size), b""))


def follow(plain: bytes) -> tuple[dict[str, bytes], dict[str, int], list[str]]:
    """Read a dump as a restore does: rows and their number by table, kinds of statements."""
    following, rows, counts = Following("UTF8"), dict[str, bytes](), dict[str, int]()
    name, kinds = "", list[str]()
    for piece in [*following.on(plain), *following.end()]:
        match piece:
            case Opening():
                name = piece.table
                rows.setdefault(name, b"")
            case RowBytes(text):
                rows[name] += text
            case Closing(_, count):
                counts[name] = counts.get(name, 0) + count
            case Words():
                kinds += piece.kinds
    return rows, counts, kinds
