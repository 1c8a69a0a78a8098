"""Extensions that want to be called before a restore and after it, such as TimescaleDB.

Every extension that has functions of no argument whose names end so is called; what has to be known
of others is the list of `ODD`.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.target import asking
from snapper.errors import RestoreFailed, SnapperError
from snapper.values.redaction import Redactor

ODD = {
    "pg_cron": "it works in one database of a server, which it knows by name: restore it under its"
    " final name (--create --final-name)",
}
"""By extension, what a restore of it needs to be known."""

_CALLS = """
    SELECT e.extname::pg_catalog.text,
        pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_depend d ON d.objid = p.oid
        AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e'
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE p.pronargs = 0 AND p.proname ~ %s ORDER BY 1, 2
"""


@contextmanager
def restore_calls(database: Connection, redact: Redactor, notes: list[str]) -> Iterator[None]:
    """Call what the database's extensions want to be called before and after the block.

    Sessions that begin within the block have what the first calls have set. `notes` are given a
    sentence for each call that failed.
    """
    _call(database, redact, "_pre_restore$", notes)
    try:
        yield
    except BaseException:
        with suppress(SnapperError):
            _call(database, redact, "_post_restore$", notes)
        raise
    _call(database, redact, "_post_restore$", notes)


def _call(database: Connection, redact: Redactor, pattern: str, notes: list[str]) -> None:
    with asking(database, redact) as cursor:
        cursor.execute(_CALLS, [pattern])
        found = cursor.fetchall()
    for extension, function in found:
        try:
            with asking(database, redact) as cursor:
                cursor.execute(f"SELECT {function}()")
        except RestoreFailed as failed:
            notes.append(f"{function}() of the extension {extension} could not be called: {failed}")
