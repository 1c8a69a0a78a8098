"""Why the server refused a statement of a dump, in words that hold no value of any row."""

import re

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sentence, sqlstate, words_of
from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.target.content import UNFINISHED

# What reads or writes rows, or holds a password of another server's.
_READS_ROWS = re.compile(
    rb"COPY |INSERT INTO |REFRESH |CREATE (?:UNIQUE )?INDEX |ALTER (?:FOREIGN )?TABLE "
    rb"|ALTER DOMAIN |COMMIT|SELECT pg_catalog\.(?:setval|lo)"
)
_HOLDS_SECRETS = re.compile(rb"INSERT INTO |CREATE (?:USER MAPPING|SUBSCRIPTION|SERVER) ")
_OF_NAMES = frozenset({"42501", "42704", "42710"})
"""What is denied, not there, or there already: it is named, and no option's value."""

# A name that an extension may tell, and that is gone when the restore has ended.
_OURS = re.compile(rf'"?{UNFINISHED}[0-9a-f]+"?')


def reason(
    error: psycopg2.Error, body: bytes, runner: StatementRunner, *, show_values: bool
) -> str:
    """Give the reason; with `show_values` all that the server said."""
    if leniency.lacks_xml(error):
        return "XML is not supported in this build of PostgreSQL"
    said = sentence(error)
    if show_values:
        more = (error.diag.message_detail, error.diag.message_hint, error.diag.context)
        words = "; ".join(filter(None, (said, *more)))
    else:
        secretive = _HOLDS_SECRETS.match(body) is not None
        holds_secrets = secretive and sqlstate(error) not in _OF_NAMES
        of_rows = _is_of_rows(body)
        stated = b"" if holds_secrets else body
        words = words_of(error, runner.ask, stated, of_rows=holds_secrets or of_rows)
        if not said.startswith(words):
            words += " (restore --show-values tells more)"
    return _OURS.sub("the new database", " ".join(runner.redact(words).split()))


def _is_of_rows(body: bytes) -> bool | None:
    """Tell whether a statement reads or writes rows; None where that is a function's own affair.

    What an extension's script says is of its files; and to give something away looks at no row.
    """
    if leniency.OWNER.fullmatch(body):
        return False
    if _READS_ROWS.match(body):
        return True
    return False if body.startswith(b"CREATE EXTENSION ") else None
