"""The tokens of a dump outside of its strings, and how a string or a comment goes on to its end."""

import re
from collections.abc import Callable

# A name as one token; what opens a string together with its quote is none.
WORD_OF = rb"[A-Za-z_\x80-\xff][\w$\x80-\xff]*+"
OPENS = rb"[bBxXnNeE]'|[uU]&['\"]"
NUMBER = rb"(?:[0-9]++(?:\.[0-9]*+)?(?:[eE][+-]?+[0-9]++)?|\$[0-9]++)(?![A-Za-z_$.\x80-\xff])"
SIGNS = rb"[ \t\n\f.,:<>=+*@!#%^&|`?~\[\]{}]++|-(?!-)|/(?!\*)"

WORD = re.compile(WORD_OF)
TOKEN = re.compile(rb"(?!%b)%b|%b|[()]|(?:%b)" % (OPENS, WORD_OF, NUMBER, SIGNS))
RUN = re.compile(rb"(?:%b|(?!%b)%b|%b|[()])*" % (SIGNS, OPENS, WORD_OF, NUMBER))
SPACE = re.compile(rb"[ \t\n\f]*+")
QUOTE = re.compile(rb"'|\"|%b" % OPENS)
TAG = re.compile(rb"\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*+)?\$")
RESTRICTION = re.compile(rb"\\(?:un)?restrict [A-Za-z0-9]++\n")
PSQL_COMMAND = re.compile(rb"\\[^\s'\"]{0,20}")

# To the end of a string: what is doubled, or escaped, does not end it.
PLAIN = re.compile(rb"(?:[^']++|'')*")
ESCAPED = re.compile(rb"(?:[^'\\]++|''|\\.)*", re.DOTALL)
NAME = re.compile(rb'(?:[^"]++|"")*')

Inside = Callable[[bytes, int, bool], tuple[int, bool]]
"""Reads on in a string or comment; gives up to where, and whether it is closed."""


class Unreadable(Exception):
    """The dump is not to be read in one way only; `at` is the place in the buffer."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


def end_of(pattern: re.Pattern[bytes], sql: bytes, at: int, to: int) -> int:
    """Give where a match at this place ends; the place itself if there is none."""
    found = pattern.match(sql, at, to)
    return found.end() if found else at


def comment(sql: bytes, at: int, _: bool) -> tuple[int, bool]:
    """Read on in a comment, to the end of its line."""
    end = sql.find(b"\n", at)
    closed = end >= 0
    end = end + 1 if closed else len(sql)
    if (odd := sql.find(b"\r", at, end)) >= 0:
        raise Unreadable("a carriage return in a comment", odd)
    return end, closed


def dollars(closing: bytes, sql: bytes, at: int, _: bool) -> tuple[int, bool]:
    """Read on in a string in dollars, to the same tag."""
    found = sql.find(closing, at)
    if found >= 0:
        return found + len(closing), True
    return max(at, len(sql) - len(closing) + 1), False


def quotes(content: re.Pattern[bytes], sql: bytes, at: int, last: bool) -> tuple[int, bool]:
    """Read on in a string or name in quotes."""
    end = end_of(content, sql, at, len(sql))
    # The last byte may be the first half of a quote that is doubled, or of what is escaped.
    if end == len(sql) or (end + 1 == len(sql) and not last):
        return end, False
    return end + 1, sql[end] != ord("\\")
