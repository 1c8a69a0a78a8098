r"""Reads a plain dump as statements and rows, to change single statements on their way to a server.

A line says nothing by itself: a string, a name, the body of a function or a table's rows may hold
the very lines of a dump. Where a statement ends, `lexer` says, or refuses to; that it is one that
pg_dump writes, `known` says. Whatever else is in a dump ends the reading, before it is given.

One statement is held at a time, for it can only be changed as a whole: up to `LONGEST_HELD` bytes.
What is longer, such as a function's body or a comment of hundreds of megabytes, is none of those
that are changed; it is given on as it comes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from snapper.engines.postgresql.reading.known import is_known
from snapper.engines.postgresql.reading.lexer import Lexer, whole_tokens
from snapper.engines.postgresql.reading.tokens import Unreadable
from snapper.errors import RestoreFailed
from snapper.values.program import PROGRAM

Rewrite = Callable[[bytes], bytes]
"""Changes one whole statement, with the comments before it; it is never given a row."""

LONGEST_HELD = 16 << 20
"""Bytes of one statement that are held."""


class Statement(NamedTuple):
    """One statement with the comments before it, and the line of the dump where it begins.

    Of a long one there are several: all but the last say that there is `more`.
    """

    text: bytes
    line: int
    more: bool = False


class Rows(NamedTuple):
    """A piece of the rows behind a COPY; the last one ends with the line that ends them."""

    text: bytes
    last: bool


Part = Statement | Rows

_LEAD = re.compile(rb"(?:\s++|--[^\n]*+\n|\\[^\n]*+\n)*")
_ROWS = re.compile(rb"COPY .* FROM stdin;\n", re.DOTALL)
_END_OF_ROWS = b"\n\\.\n"
_FIRST_WORDS = re.compile(rb"[A-Za-z]+(?: [\w.]+){0,2}")
_HINT = f"it is forged, or of a pg_dump that writes otherwise: look at it by {PROGRAM} download"


def rewritten(sql: Iterable[bytes], *rewrites: Rewrite) -> Iterator[Part]:
    r"""Give the parts of a plain dump, in whatever pieces it comes, each statement rewritten.

    Raises RestoreFailed at what pg_dump does not write.

    >>> dump = b"COPY t (a) FROM stdin;\nCOMMIT;\n\\.\n\nCOMMIT;\n"
    >>> for part in rewritten([dump]): print(part)
    Statement(text=b'COPY t (a) FROM stdin;', line=1, more=False)
    Rows(text=b'\nCOMMIT;\n\\.\n', last=True)
    Statement(text=b'\nCOMMIT;\n', line=5, more=False)
    Statement(text=b'', line=6, more=False)
    """
    reading = Reading(rewrites, LONGEST_HELD)
    for piece in sql:
        yield from reading.on(piece)
    yield from reading.end()


def joined(parts: Iterable[Part]) -> bytes:
    """Give what the parts are parts of."""
    return b"".join(part.text for part in parts)


def parted(statement: bytes) -> tuple[bytes, bytes]:
    r"""Part a statement from what stands before it.

    >>> parted(b"\n--\n-- Name: t\n--\n\nSELECT 1;\n")
    (b'\n--\n-- Name: t\n--\n\n', b'SELECT 1;\n')
    """
    lead = _LEAD.match(statement)
    end = lead.end() if lead else 0
    return statement[:end], statement[end:]


class Reading:
    """How far a dump has been read, and what is held of it.

    Of a statement at most some more than `longest` bytes are held: any length will do in which each
    COPY is whole. `line` is the line of the dump up to which all was given; `in_rows` says whether
    rows are next.
    """

    def __init__(self, rewrites: Iterable[Rewrite], longest: int) -> None:
        self._rewrites = tuple(rewrites)
        self._longest = longest
        self._lexer = Lexer()
        self._left = b""
        self._held: list[bytes] = []
        self._size = 0
        self.line = 1
        self.in_rows = self._passing = False

    def on(self, piece: bytes, *, last: bool = False) -> Iterator[Part]:
        """Read one more piece, and give what can be given."""
        if b"\0" in piece:
            raise self._refusal("a zero byte")
        sql = self._left + piece
        whole = len(sql) if last else whole_tokens(sql)
        start = 0
        at = 0
        while True:
            if self.in_rows:
                at, self.in_rows = _past_rows(sql, start)
                if sql.find(b"\r", start, at) >= 0:
                    raise self._refusal("a carriage return within rows")
                yield Rows(self._given(sql[start:at]), last=not self.in_rows)
                start = at
                if self.in_rows:
                    break
                continue
            try:
                at, ended = self._lexer.find_end(sql, at, whole, last=last)
            except Unreadable as odd:
                self._held.append(sql[start : odd.at])
                raise self._refusal(str(odd), b"".join(self._held)) from None
            self._held.append(sql[start:at])
            self._size += at - start
            start = at
            if not ended:
                break
            yield self._statement()
            # The line end belongs to the rows too: they may be none.
            start = at = at - self.in_rows
        if self._size > self._longest:
            yield self._long()
        self._left = sql[at:]

    def skip(self, lines: int) -> None:
        """Count lines between two statements that are not read here."""
        self.line += lines

    def end(self) -> Iterator[Part]:
        """Give what is left; raises RestoreFailed if the dump does not end with a statement."""
        yield from self.on(b"", last=True)
        if self.in_rows or self._lexer.begun:
            raise self._refusal("an end too early", b"".join(self._held))
        yield Statement(_all(self._rewrites, b"".join(self._held)), self.line)

    def _statement(self) -> Statement:
        """Give the statement that is held, if pg_dump writes such a one."""
        statement = self._release()
        if self._passing:
            self._passing = False
            return Statement(self._given(statement), self.line)
        lead, body = parted(statement)
        self._require_known(lead, body)
        self.in_rows = _ROWS.fullmatch(body) is not None
        if body.startswith(b"SET standard_conforming_strings"):
            self._lexer.escapes = b"off" in body
        line = self.line + lead.count(b"\n")
        changed = _all(self._rewrites, statement)
        self._given(statement[:-1] if self.in_rows else statement)
        return Statement(changed[:-1] if self.in_rows else changed, line)

    def _long(self) -> Statement:
        """Give what is held of a statement that is not held any longer."""
        line, part = self.line, self._release()
        if self._passing:
            return Statement(self._given(part), line, more=True)
        lead, body = parted(part)
        if not body:
            self._given(part)
            return Statement(_all(self._rewrites, part), line)
        self._require_known(lead, body)
        self._passing = True
        return Statement(self._given(part), line + lead.count(b"\n"), more=True)

    def _release(self) -> bytes:
        held, self._held, self._size = b"".join(self._held), [], 0
        return held

    def _require_known(self, lead: bytes, body: bytes) -> None:
        if not is_known(body):
            words = _FIRST_WORDS.match(body)
            shown = words[0].decode() if words else ascii(body[:20].decode(errors="replace"))
            raise self._refusal(f"the statement {shown}", lead)

    def _given(self, part: bytes) -> bytes:
        self.line += part.count(b"\n")
        return part

    def _refusal(self, what: str, before: bytes = b"") -> RestoreFailed:
        line = self.line + before.count(b"\n")
        return RestoreFailed(
            f"at line {line} of the dump there is {what}, which pg_dump does not write",
            hint=_HINT,
            against_backup=True,
            everywhere=True,
        )


def _past_rows(sql: bytes, start: int) -> tuple[int, bool]:
    """Give up to where there are rows, and whether more may follow."""
    # Most rows have no backslash, and that is seen ten times as fast.
    if sql.find(b"\\", start) >= 0 and (found := sql.find(_END_OF_ROWS, start)) >= 0:
        return found + len(_END_OF_ROWS), False
    begun = next(size for size in (3, 2, 1, 0) if sql.endswith(_END_OF_ROWS[:size], start))
    return len(sql) - begun, True


def _all(rewrites: Iterable[Rewrite], statement: bytes) -> bytes:
    for rewrite in rewrites:
        statement = rewrite(statement)
    return statement
