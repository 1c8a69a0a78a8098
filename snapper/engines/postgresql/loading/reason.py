"""Why the server refused a statement, in words that hold no value of any row.

Nothing but the server's first sentence is told, never its DETAIL, CONTEXT or HINT: the first two
quote rows, and an extension's hint may name a database that is gone tomorrow. Even the sentence
quotes what it could not read, such as the text that should have been a number.
"""

import re

import psycopg2

from snapper.engines.postgresql.target.content import UNFINISHED
from snapper.values.redaction import Redactor

# What reads rows: there the words of these classes may be a row's own.
_READS_ROWS = re.compile(
    rb"COPY |INSERT INTO |REFRESH |CREATE (?:UNIQUE )?INDEX |ALTER (?:FOREIGN )?TABLE "
)
_QUOTES_VALUES = ("22", "38", "39", "P0", "XX", "HV", "0A")
"""Bad data, an error that a function raised, or one of an extension's."""

_LANGUAGES = re.compile(r"pl_exec\.c|pl(?:perl|py_|tcl|v8)|.*\.(?:cc|cpp|rs)$")
"""Files of procedural languages, where what their code raises comes from."""

# A name that an extension may tell, and that is gone when the restore has ended.
_OURS = re.compile(rf'"?{UNFINISHED}[0-9a-f]+"?')

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def reason(error: psycopg2.Error, body: bytes, redact: Redactor, *, show_values: bool) -> str:
    """Give the reason; with `show_values` all that the server said."""
    primary = error.diag.message_primary or str(error)
    if show_values:
        more = (error.diag.message_detail, error.diag.message_hint, error.diag.context)
        primary = "; ".join(filter(None, (primary, *more)))
    elif _READS_ROWS.match(body) and (
        sqlstate(error).startswith(_QUOTES_VALUES) or is_raised(error)
    ):
        where = f" in column {error.diag.column_name}" if error.diag.column_name else ""
        primary = f"{condition(error)}{where} (--show-values tells more)"
    return _OURS.sub("the new database", " ".join(redact(primary).split()))


def sqlstate(error: psycopg2.Error) -> str:
    """Give the server's code; empty where it reported nothing."""
    return error.pgcode or ""


def is_raised(error: psycopg2.Error) -> bool:
    """Tell whether a function's own code raised it, by any code and with any words it likes."""
    return _LANGUAGES.match(error.diag.source_file or "") is not None


def condition(error: psycopg2.Error) -> str:
    """Give the name of the error's condition, as PostgreSQL's manual lists them.

    >>> condition(psycopg2.errors.InvalidTextRepresentation())
    'invalid text representation'
    """
    return _WORDS.sub(" ", type(error).__name__).lower()
