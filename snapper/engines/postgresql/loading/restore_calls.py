"""Extensions that want to be called before a restore and after it, such as TimescaleDB.

Those are known by name; so is, by convention, any function of an extension that takes nothing and
is called `…_pre_restore` or `…_post_restore`. Only those of a superuser's, as extensions have them,
and our own are called: whoever owns an extension may add a function to it, which would run as us.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.postgresql.connecting.asking import WORKS, asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import RestoreFailed, SnapperError
from snapper.values.redaction import Redactor

BEFORE, AFTER = {"timescaledb_pre_restore"}, {"timescaledb_post_restore"}
"""Functions by their names; others are known by what their names end with."""

_CALLS = """
    SELECT e.extname::pg_catalog.text,
        pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_depend d ON d.objid = p.oid
        AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e'
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
    WHERE p.pronargs = 0 AND (p.proname = ANY (%s) OR p.proname ~ %s)
    AND (r.rolsuper OR r.rolname IN (session_user, current_user)) ORDER BY 1, 2
"""


@contextmanager
def restore_calls(database: Connection, redact: Redactor, notes: list[str]) -> Iterator[None]:
    """Call what the database's extensions want to be called before and after the block.

    Sessions that begin within the block have what the first calls have set. `notes` are given a
    sentence for each call that failed.
    """
    _call(database, redact, BEFORE, "_pre_restore$", notes)
    try:
        yield
    except BaseException:
        with suppress(SnapperError):
            _call(database, redact, AFTER, "_post_restore$", notes, LONGEST_SILENCE)
        raise
    _call(database, redact, AFTER, "_post_restore$", notes)


def _call(
    database: Connection,
    redact: Redactor,
    known: set[str],
    pattern: str,
    notes: list[str],
    patience: float | None = WORKS,
) -> None:
    with asking(database, redact) as cursor:
        cursor.execute(_CALLS, [sorted(known), pattern])
        found = cursor.fetchall()
    for extension, function in found:
        try:
            with asking(database, redact, patience=patience) as cursor:
                cursor.execute(f"SELECT {function}()")
        except RestoreFailed as failed:
            notes.append(f"{function}() of the extension {extension} could not be called: {failed}")
