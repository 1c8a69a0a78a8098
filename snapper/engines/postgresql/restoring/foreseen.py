"""What a restore will not do as it was in the backup, as far as it can be known before."""

from collections.abc import Iterator

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import Locale
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.target.public_schema import CLOSED, OPEN_TO_ALL, was_open
from snapper.engines.postgresql.target.roles import (
    absent_roles,
    may_make_roles,
    passed_over,
    strange_roles,
)
from snapper.values.redaction import Redactor

_EVERYWHERE = frozenset({"C", "POSIX"})
_SINCE = {"libc": 0, "icu": 15, "builtin": 17}

# What initdb has found on the machine; a name of libc's is spelled in more than one way.
_HAS_ICU = "SELECT EXISTS (SELECT FROM pg_catalog.pg_collation WHERE collname LIKE '%-x-icu')"
_HAS_OF_LIBC = """
    SELECT pg_catalog.lower(pg_catalog.replace(n, '-', '')) FROM (
        SELECT collcollate::pg_catalog.text AS n FROM pg_catalog.pg_collation
        WHERE collprovider = 'c'
        UNION SELECT datcollate::pg_catalog.text FROM pg_catalog.pg_database) AS found
"""


def foreseen(
    asked: Connection, redact: Redactor, backup: Recorded, *, present: bool
) -> Iterator[str]:
    """Say what of a backup will be left out, or be otherwise, on the server that is asked.

    The target itself is asked where it is `present`.
    """
    yield from _roles(asked, redact, backup)
    with asking(asked, redact) as cursor:
        major = cursor.connection.server_version // 10_000
        if present and was_open(backup, major):
            cursor.execute(OPEN_TO_ALL)
            if not cursor.fetchone()[0]:
                yield CLOSED
        if not present and backup.locale and not _has(cursor, backup.locale, major):
            yield (
                f"the target does not seem to have the locale {backup.locale}: without it the"
                " database gets that of its server, and may sort texts in another order"
            )


def _roles(asked: Connection, redact: Redactor, backup: Recorded) -> Iterator[str]:
    absent = absent_roles(asked, backup.roles, redact)
    for role in absent:
        if why := passed_over(role):
            yield f"the role {role} {why}: what the backup gives to it is left out"
    if any(not passed_over(role) for role in absent) and not may_make_roles(asked, redact):
        yield "this user may make no roles: those that are missing must be made by another one"
    for role in strange_roles(asked, backup.roles, redact):
        if not passed_over(role):
            yield (
                f"this user cannot become the role {role}: what belongs to it in the backup cannot"
                " be given to it here"
            )


def _has(cursor: Cursor, locale: Locale, major: int) -> bool:
    if major < _SINCE[locale.provider]:
        return False
    if locale.provider == "icu":
        cursor.execute(_HAS_ICU)
        return bool(cursor.fetchone()[0])
    if locale.provider == "builtin" or {locale.collate, locale.ctype} <= _EVERYWHERE:
        return True
    cursor.execute(_HAS_OF_LIBC)
    there = {name for (name,) in cursor.fetchall()} | {name.lower() for name in _EVERYWHERE}
    return {_plain(locale.collate), _plain(locale.ctype)} <= there


def _plain(name: str) -> str:
    return name.replace("-", "").lower()
