"""Most statements of a dump at one glance: those that only have plain tokens, names and strings.

Of these the lexer would find the same end, ten times as slowly. Whatever might be read in another
way is left to it: a routine, a dollar, a backslash, a comment or a parenthesis in an odd place.
"""

import re

from snapper.engines.postgresql.reading.tokens import NUMBER, OPENS, SIGNS, WORD_OF

_LEAD = rb"(?:[ \t\n\f]++|--[^\n\r]*+\n)*"
# The lexer looks for BEGIN in what may be a routine: by its second word, if its first is CREATE.
_ENDS = rb"[^\w$\x80-\xff]"
_FIRST = rb"(?:(?!(?i:create)%b)|(?i:create)[ \n]++(?!(?i:function|procedure|or)%b))(?!%b)%b" % (
    _ENDS,
    _ENDS,
    OPENS,
    WORD_OF,
)
_NAME = rb'"(?:[^"()]++|"")*"(?!")'
_STRING = rb"'(?:[^'()\\]++|'')*'(?![ \t\n\f]*+(?:'|--))"
_BODY = rb"(?:%b|(?!%b)%b|%b|[()]|%b|%b)*" % (SIGNS, OPENS, WORD_OF, NUMBER, _NAME, _STRING)
_SIMPLE = re.compile(rb"%b(?P<body>%b%b);\n" % (_LEAD, _FIRST, _BODY))

_NOT_PARENTHESES = bytes(set(range(256)) - set(b"()"))
_MOST_PARENTHESES = 1000


def end_of_simple(sql: bytes, at: int, to: int) -> int:
    r"""Give where a simple statement ends that begins here, with its line; else the place itself.

    >>> end_of_simple(b"-- x\nSET a = 'b';\nSET", 0, 21), end_of_simple(b"SELECT $$;\n", 0, 11)
    (18, 0)
    """
    found = _SIMPLE.match(sql, at, to)
    return found.end() if found and _is_balanced(found["body"]) else at


def _is_balanced(body: bytes) -> bool:
    """Tell whether every parenthesis is closed, and none that was not opened."""
    left = body.translate(None, _NOT_PARENTHESES)
    if len(left) > _MOST_PARENTHESES:
        return False
    while b"()" in left:
        left = left.replace(b"()", b"")
    return not left
