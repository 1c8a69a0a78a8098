"""Puts quotes around names of an older dump that have become keywords since it was made."""

import re

from snapper.engines.postgresql.newer_majors.removed import OF_EXPRESSIONS, RESERVED

_WORDS = frozenset(word.encode() for word in (*RESERVED, *OF_EXPRESSIONS))

# What is in quotes of any kind already, or a comment, or else one word. What opens one has an end
# in what the lexer has let through, so every byte is looked at once.
_TOKEN = re.compile(
    rb'"[^"]*"'
    rb"|--[^\n]*"
    rb"|[eE]'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'"
    rb"|'[^']*'"
    rb"|(?P<tag>\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$).*?(?P=tag)"
    rb"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*",
    re.DOTALL,
)
_LONGEST = 1 << 20
"""Bytes of a statement in which such names are looked for: it takes a hundred times as many."""


def in_quotes(statement: bytes) -> bytes:
    r"""Quote these words in a statement that a server does not understand, and nothing else.

    To the server that was dumped they were names, also of types; pg_dump writes what is no name in
    capital letters.

    >>> in_quotes(b"CREATE FUNCTION f(json json DEFAULT '[\"json\"]') RETURNS json;").decode()
    'CREATE FUNCTION f("json" "json" DEFAULT \'["json"]\') RETURNS "json";'
    """
    if len(statement) > _LONGEST:
        return statement
    return _TOKEN.sub(lambda found: _quoted(found[0]), statement)


def _quoted(token: bytes) -> bytes:
    return b'"%b"' % token if token in _WORDS else token
