r"""Finds where the statements of a dump end, as the server and psql find it, or refuses to go on.

Both read a dump by rules of their own, which differ in corners: of a string that goes on in the
next line, of `BEGIN` in a routine, of a number with letters behind it, of a carriage return in a
comment. pg_dump writes none of these, so they are refused: whatever passes is read in one way.

Every byte is looked at once, whatever is in the dump, and in whatever pieces it comes.
"""

from functools import partial

from snapper.engines.postgresql.reading.simple import end_of_simple
from snapper.engines.postgresql.reading.tokens import (
    ESCAPED,
    NAME,
    PLAIN,
    PSQL_COMMAND,
    QUOTE,
    RESTRICTION,
    RUN,
    SPACE,
    TAG,
    TOKEN,
    WORD,
    Inside,
    Unreadable,
    comment,
    dollars,
    end_of,
    quotes,
)

_LONGEST_SIGN = 70
"""Bytes: a name in PostgreSQL has 63, and two dollars are around it."""

_LONGEST_RESTRICTION = 200
_MOST_WAITING = 1 << 20
"""Bytes without a space, outside of any string: no name and no operator is so long."""


class Lexer:
    """Goes through one statement after the other; `find_end` is called again with more bytes."""

    def __init__(self) -> None:
        self.escapes = False
        """Whether a backslash in a plain string escapes: standard_conforming_strings is off."""
        self._begin()

    def _begin(self) -> None:
        self._inside: Inside | None = None
        self.begun = False
        """Whether more of the statement has come than what stands before it."""
        self._after_string = False
        self._parentheses = 0
        self._blocks = 0
        self._opened = False
        self._initials = b""
        self._before = b""

    def find_end(self, sql: bytes, at: int, whole: int, *, last: bool) -> tuple[int, bool]:
        """Read on from a place; give up to where all is read, and whether a statement ends there.

        Up to `whole` no token is cut, see `whole_tokens`; from there on each is looked at alone.
        What is left must be given again, with what comes behind it. Raises Unreadable.
        """
        fresh = not self.begun and self._inside is None
        if fresh and (end := end_of_simple(sql, at, whole)) > at:
            return end, True
        while at < len(sql):
            if self._inside:
                at, closed = self._inside(sql, at, last)
                if not closed:
                    break
                self._inside = None
            else:
                before = at
                to = whole if at < whole else len(sql)
                at, ended = self._read(sql, at, to, cut=at >= whole and not last, last=last)
                if ended:
                    self._begin()
                    return at, True
                if at == before and self._inside is None:
                    if len(sql) - at > _MOST_WAITING:
                        raise Unreadable("a word without an end", at)
                    break
        return at, False

    def _read(self, sql: bytes, at: int, whole: int, *, cut: bool, last: bool) -> tuple[int, bool]:
        """Read what is outside of strings, up to what opens one, or to the statement's end."""
        if not self.begun or self._after_string:
            at = end_of(SPACE, sql, at, whole)
            if at == whole:
                return at, False
            if sql.startswith(b"--", at):
                return self._open(sql, at, whole), False
            if self._after_string and sql[at] == ord("'"):
                raise Unreadable("a string in two pieces", at)
            if not self.begun and sql[at] == ord("\\"):
                return _end_of_restriction(sql, at, last=last), False
        start = at
        if cut and not _is_whole(sql, at):
            return at, False
        self.begun, self._after_string = True, False
        if cut or len(self._initials) < 4 or _is_routine(self._initials):
            at = self._token(sql, at, whole)
        else:
            at = end_of(RUN, sql, at, whole)
            self._count(sql, start, at)
        if at > start:
            return at, False
        if sql[at] == ord(";"):
            return self._semicolon(sql, at)
        return self._open(sql, at, whole), False

    def _count(self, sql: bytes, start: int, end: int) -> None:
        self._parentheses += sql.count(b"(", start, end) - sql.count(b")", start, end)
        if self._parentheses < 0:
            raise Unreadable("a parenthesis that nothing has opened", start)

    def _token(self, sql: bytes, at: int, whole: int) -> int:
        """Read one token, where words may matter: psql looks for `BEGIN … END` in a routine."""
        found = TOKEN.match(sql, at, whole)
        if not found:
            return at
        token = found[0].lower()
        if token.isspace():
            return found.end()
        if self._opened and token != b"atomic":
            raise Unreadable("a BEGIN that is none", at)
        self._opened = False
        if token in (b"(", b")"):
            self._count(sql, at, found.end())
        elif WORD.match(token):
            self._word(token, at)
        self._before = token
        return found.end()

    def _word(self, word: bytes, at: int) -> None:
        if len(self._initials) < 4:
            known = word in (b"create", b"function", b"procedure", b"or", b"replace")
            self._initials += word[:1] if known else b"-"
        if self._parentheses or not _is_routine(self._initials):
            return
        if word not in (b"begin", b"case", b"end"):
            return
        if self._before in (b"as", b".") or (word == b"begin" and self._blocks):
            raise Unreadable(f"{word.decode().upper()} as a name", at)
        if word == b"begin":
            self._blocks, self._opened = 1, True
        elif self._blocks:
            self._blocks += 1 if word == b"case" else -1

    def _semicolon(self, sql: bytes, at: int) -> tuple[int, bool]:
        self._before = b";"
        if self._parentheses:
            return at + 1, False
        if self._opened or self._blocks > 1:
            raise Unreadable("a BEGIN or CASE that is none", at)
        if self._blocks:
            return at + 1, False
        return at + (2 if sql.startswith(b"\n", at + 1) else 1), True

    def _open(self, sql: bytes, at: int, whole: int) -> int:
        """Begin a string or a comment; give where its content begins."""
        if self._opened:
            raise Unreadable("a BEGIN that is none", at)
        self._before = b"'"
        if sql.startswith(b"--", at):
            self._inside = comment
            return at + 2
        if found := TAG.match(sql, at, whole):
            self._inside = partial(dollars, found[0])
        elif found := QUOTE.match(sql, at, whole):
            opening = found[0].lower()
            if opening.endswith(b'"'):
                self._inside = partial(quotes, NAME)
            else:
                escapes = opening == b"e'" or (self.escapes and opening in (b"'", b"n'"))
                self._inside = partial(quotes, ESCAPED if escapes else PLAIN)
                self._after_string = True
        elif found := PSQL_COMMAND.match(sql, at, whole):
            raise Unreadable(f"{found[0].decode(errors='replace')}, a command of psql's", at)
        else:
            shown = ascii(sql[at : at + 8].decode(errors="replace"))
            raise Unreadable(f"{shown} outside of any string", at)
        return found.end()


def whole_tokens(sql: bytes) -> int:
    """Give up to where no token is cut: to the last space, for none has one within."""
    return max(sql.rfind(b"\n"), sql.rfind(b" ")) + 1


def _is_whole(sql: bytes, at: int) -> bool:
    """Tell whether what comes behind a token cannot be a part of it any more."""
    if QUOTE.match(sql, at) or TAG.match(sql, at) or sql.startswith(b"--", at):
        return True
    found = TOKEN.match(sql, at)
    return (found.end() if found else at) + _LONGEST_SIGN <= len(sql)


def _is_routine(initials: bytes) -> bool:
    return initials.startswith((b"cf", b"cp", b"corf", b"corp"))


def _end_of_restriction(sql: bytes, at: int, *, last: bool) -> int:
    if found := RESTRICTION.match(sql, at):
        return found.end()
    if len(sql) - at < _LONGEST_RESTRICTION and not last and b"\n" not in sql[at:]:
        return at
    command = PSQL_COMMAND.match(sql, at)
    shown = command[0].decode(errors="replace") if command else ""
    raise Unreadable(f"{shown}, a command of psql's", at)
