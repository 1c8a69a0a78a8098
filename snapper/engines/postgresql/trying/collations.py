"""Collations that the server of a trial has not: the nearest it has takes their place.

A server without ICU, or on a machine with few locales, sorts texts in another order; all rows are
there nevertheless, and can be counted. It is told, and what fails then may be for that alone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.loading.described import described
from snapper.engines.postgresql.naming.names import NAME
from snapper.engines.postgresql.reading.statements import parted
from snapper.errors import RestoreFailed
from snapper.values.redaction import Redactor

_SIGNS = (b"COLLAT", b"collat")
_LONGEST = 1 << 20
"""Bytes of a statement that is looked at."""
_MOST = 1000
"""A forged dump may name any number."""
_NAMED = 5

# Of the system's own, which are named as their locales. In a text they do no harm.
_USED = re.compile(
    rb"(?i:COLLATE|COLLATION =)\s+(?:pg_catalog\.|\"pg_catalog\"\.)?"
    rb'(?:"(?P<quoted>[\w.@-]{1,63})"(?!\.)|(?P<plain>[a-z_]\w{0,62})(?![\w.]))',
    re.ASCII,
)
_OF_THE_SYSTEM = re.compile(
    r"[\w-]+-x-icu|[a-z]{2,3}_[A-Z]{2}(?:[.@][\w.@-]+)?|C\.\w[\w-]*|unicode|pg_\w+", re.ASCII
)
_OPTION = rb"[a-z_]+ = (?:'(?:[^'\\]|'')*'|[a-z]+)"
_MADE = re.compile(
    rb"(?P<head>CREATE COLLATION (?P<name>%(name)b(?:\.%(name)b)?) )"
    rb"\((?P<options>%(option)b(?:, %(option)b)*)\);\n" % {b"name": NAME, b"option": _OPTION}
)
_LOOSE = b"deterministic = false"
_PROBE = b"CREATE COLLATION pg_temp.probed (%b); DROP COLLATION pg_temp.probed"
_IS_THERE = """
    SELECT FROM pg_catalog.pg_collation WHERE collname = %s
    AND collnamespace = 'pg_catalog'::pg_catalog.regnamespace AND collencoding IN (-1, (
        SELECT encoding FROM pg_catalog.pg_database
        WHERE datname = pg_catalog.current_database()))
"""
_REFUSED = (psycopg2.ProgrammingError, psycopg2.NotSupportedError, psycopg2.DataError)

# Case and kind of letters as Unicode has them, and an order that every server has.
_UNICODE = "provider = builtin, locale = 'C.UTF-8'"
_C = "provider = libc, locale = 'C'"


class Collations:
    """Looks at each statement of a dump, and has what it needs of collations in the database.

    The superuser makes those of the system's own that are missing, and finds out whether the server
    has what a dump makes collations of; nothing of the dump is evaluated by it.
    """

    def __init__(self, database: Connection, redact: Redactor) -> None:
        self._database, self._redact = database, redact
        self._known: set[str] = set()
        self._nearest = ""
        self._equal = True  # are texts here where they were in the source
        self.replaced: dict[str, str] = {}
        """By name, what is there in place of a collation."""

    def __call__(self, statement: bytes) -> bytes:
        """Give the statement, with another collation in it if need be."""
        if len(statement) > _LONGEST or not any(sign in statement for sign in _SIGNS):
            return statement
        lead, body = parted(statement)
        if made := _MADE.fullmatch(body):
            return lead + self._made(made)
        used = {(each["quoted"] or each["plain"]).decode() for each in _USED.finditer(body)}
        missing = sorted(filter(_OF_THE_SYSTEM.fullmatch, used - self._known))
        for name in missing[: _MOST - len(self._known)]:
            self._known.add(name)
            self._provide(name)
        return statement

    def told(self) -> Iterator[str]:
        """Say what is another one than in the backup."""
        if names := list(self.replaced):
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            yield (
                f"texts are sorted in another order here, for the server has no collation"
                f" {', '.join(names[:_NAMED])}{more}"
            )

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Hold a failure against no backup that may be for another collation."""
        try:
            yield
        except RestoreFailed as failed:
            if self.replaced:
                failed.against_backup &= failed.everywhere and self._equal
            raise

    def _made(self, found: re.Match[bytes]) -> bytes:
        """Give the statement that makes a collation, or the nearest to it."""
        name = described(found[0]).name
        with asking(self._database, self._redact) as cursor:
            if len(self.replaced) >= _MOST or _takes(cursor, _PROBE % found["options"]):
                return found[0]
            nearest = self._nearest_on(cursor)
        self._equal &= _LOOSE not in found["options"]
        self.replaced[name] = nearest
        return found["head"] + f"({nearest});\n".encode()

    def _provide(self, name: str) -> None:
        """Make one of the system's own, if there is none of that name for the encoding."""
        with asking(self._database, self._redact) as cursor:
            cursor.execute(_IS_THERE, [name])
            if cursor.fetchone() is not None:
                return
            nearest = self._nearest_on(cursor)
            make = sql.SQL("CREATE COLLATION {} ({})")
            cursor.execute(make.format(sql.Identifier("pg_catalog", name), sql.SQL(nearest)))
        self.replaced[name] = nearest

    def _nearest_on(self, cursor: Cursor) -> str:
        if not self._nearest:
            self._nearest = _UNICODE if _takes(cursor, _PROBE % _UNICODE.encode()) else _C
        return self._nearest


def _takes(cursor: Cursor, statement: bytes) -> bool:
    try:
        cursor.execute(statement)
    except _REFUSED:
        return False
    return True
