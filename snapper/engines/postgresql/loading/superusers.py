"""What only a superuser may make: what can go without anything being computed otherwise.

What is called by its name when somebody needs it, such as a function or a cast, may be missed only
then. So it stops a restore. A trial is there for the rows, and can do without.
"""

import re

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sqlstate
from snapper.engines.postgresql.naming.names import NAME

DENIED = "42501"
_INVALID_FUNCTION = "42P13"

DENIALS = frozenset({DENIED, _INVALID_FUNCTION})
BUILT_UPON = frozenset(
    {
        *("access method", "aggregate", "cast", "extension", "foreign data wrapper", "function"),
        *("language", "operator", "operator class", "operator family", "procedure"),
        *("text search parser", "text search template", "transform"),
    }
)
"""Kinds of what may be the cause, where it was denied, that something which names it fails."""

_PATH = rb"%b(?:\.%b)?" % (NAME, NAME)

# Only other statements of the dump name these: whatever needs one of them stops by itself. An
# operator class that is the default of its type is found without its name too.
_NAMED_ONLY = re.compile(
    rb"CREATE (?:ACCESS METHOD|FOREIGN DATA WRAPPER|OPERATOR FAMILY|TEXT SEARCH (?:PARSER|TEMPLATE)"
    rb"|TRANSFORM|(?:OR REPLACE )?(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE) "
    rb"|CREATE OPERATOR CLASS %b\s+FOR TYPE |ALTER OPERATOR FAMILY " % _PATH
)
_CALLED = re.compile(rb"CREATE (?:AGGREGATE|CAST|FUNCTION|OPERATOR|PROCEDURE) ")

_LANGUAGE = re.compile(rb"^    LANGUAGE [^\n]*", re.MULTILINE)
_PLANNERS = re.compile(rb" (LEAKPROOF|SUPPORT)(?:(?<=SUPPORT) %b)?(?= |$)" % _PATH)


def is_denied(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether it takes a superuser, or somebody with more rights."""
    code = sqlstate(error)
    # In these words others are told that an aggregate may not have a state of the type `internal`.
    return code == DENIED or (code == _INVALID_FUNCTION and body.startswith(b"CREATE AGGREGATE "))


def is_named_only(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether it was denied, and nothing can call it but what is built upon it."""
    return is_denied(body, error) and _NAMED_ONLY.match(body) is not None


def is_called(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether something was denied that holds no row, and that code may call."""
    return is_denied(body, error) and _CALLED.match(body) is not None


def for_everybody(body: bytes, error: psycopg2.Error) -> tuple[bytes, str] | None:
    r"""Write a function without the words for the planner that only a superuser may say.

    It gives the same. Without LEAKPROOF it is not pushed below a barrier of security any more.
    """
    line = _LANGUAGE.search(body) if is_denied(body, error) else None
    words = [word.decode() for word in _PLANNERS.findall(line[0])] if line else []
    if not (line and words):
        return None
    text = body[: line.start()] + _PLANNERS.sub(b"", line[0]) + body[line.end() :]
    return text, f"is made without {' and '.join(words)}, which only a superuser may say"
