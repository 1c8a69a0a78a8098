"""The database that a restore goes to: what is in it, and how it is made."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql

from snapper.edges.postgres import connect
from snapper.errors import DatabaseUnreachable, RestoreFailed, SnapperError
from snapper.values.connection import Connection
from snapper.values.names import MAINTENANCE, database_name
from snapper.values.redaction import Redactor

UNFINISHED = "snapper-unfinished-"
"""How the name of a database begins that a restore has not yet filled."""

# What somebody made: all outside the system's own schemas and extensions.
_CONTENT = """
    SELECT
        (SELECT count(*) FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_class'::regclass
                AND d.objid = c.oid AND d.deptype = 'e')),
        (SELECT count(*) FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                AND d.objid = p.oid AND d.deptype = 'e')),
        (SELECT count(*) FROM pg_catalog.pg_type t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE t.typtype IN ('d', 'e', 'r')
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_type'::regclass
                AND d.objid = t.oid AND d.deptype = 'e')),
        (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata)
"""


@dataclass(frozen=True)
class Content:
    """Counts of what a database holds that a new one does not."""

    relations: int
    functions: int
    types: int
    large_objects: int

    @property
    def empty(self) -> bool:
        """Whether nobody has made anything in it."""
        return not (self.relations or self.functions or self.types or self.large_objects)

    def __str__(self) -> str:
        """Say what there is, in the words of a message."""
        return (
            f"{self.relations} tables and other relations, {self.functions} functions, "
            f"{self.types} types, {self.large_objects} large objects"
        )


def content(connection: Connection, redact: Redactor) -> Content:
    """Count what the database holds; raises as `inspect` does."""
    with asking(connection, redact) as cursor:
        cursor.execute(_CONTENT)
        return Content(*cursor.fetchone())


def exists(connection: Connection, redact: Redactor) -> bool:
    """Tell whether the connection's database is there, asking the server's own `postgres`."""
    with asking(connection.replace(dbname=MAINTENANCE), redact) as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s)",
            [database_name(connection)],
        )
        return bool(cursor.fetchone()[0])


def unfinished_databases(connection: Connection, redact: Redactor) -> tuple[str, ...]:
    """Give the databases that restores under way, or killed ones, have not filled."""
    with asking(connection, redact) as cursor:
        cursor.execute(
            "SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE %s ORDER BY 1",
            [f"{UNFINISHED}%"],
        )
        return tuple(name for (name,) in cursor.fetchall())


@contextmanager
def draft(connection: Connection, encoding: str, redact: Redactor) -> Iterator[Connection]:
    """Make the connection's database in two steps: under another name, then by its own.

    The block is given the connection to the unfinished one. It gets its name when the block has
    ended well, and is dropped otherwise; an error on which it could not be dropped has a note that
    names it. Raises RestoreFailed if the server refuses, DatabaseUnreachable.
    """
    unfinished = connection.replace(dbname=f"{UNFINISHED}{secrets.token_hex(4)}")
    try:
        _create(unfinished, encoding, redact)
        yield unfinished
        _rename(unfinished, connection, redact)
    except BaseException as error:
        try:
            _drop(unfinished, redact)
        except SnapperError:
            error.add_note(
                f"on {connection.place} an unfinished database may be left, named "
                f"{database_name(unfinished)}: drop it"
            )
        raise


def _create(connection: Connection, encoding: str, redact: Redactor) -> None:
    """Make the database, empty; a locale that does not go with the encoding is replaced by C."""
    name, template = sql.Identifier(database_name(connection)), "TEMPLATE template0 ENCODING"
    plain = sql.SQL(f"CREATE DATABASE {{}} {template} {{}}").format(name, sql.Literal(encoding))
    with asking(connection.replace(dbname=MAINTENANCE), redact) as cursor:
        try:
            cursor.execute(plain)
        except psycopg2.errors.InvalidParameterValue:
            cursor.execute(plain + sql.SQL(" LC_COLLATE 'C' LC_CTYPE 'C'"))


def _rename(unfinished: Connection, connection: Connection, redact: Redactor) -> None:
    names = map(sql.Identifier, (database_name(unfinished), database_name(connection)))
    with asking(connection.replace(dbname=MAINTENANCE), redact) as cursor:
        cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))


def _drop(unfinished: Connection, redact: Redactor) -> None:
    """Drop the database, and first end the session of a psql that has just been stopped."""
    name = database_name(unfinished)
    with asking(unfinished.replace(dbname=MAINTENANCE), redact) as cursor:
        cursor.execute(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
            " WHERE datname = %s AND usename = current_user",
            [name],
        )
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def missing_roles(
    connection: Connection, roles: tuple[str, ...], redact: Redactor
) -> tuple[str, ...]:
    """Give those of the roles that the server does not have."""
    with asking(connection, redact) as cursor:
        cursor.execute("SELECT rolname FROM pg_catalog.pg_roles")
        there = {role for (role,) in cursor.fetchall()}
    return tuple(role for role in roles if role not in there)


def tablespaces(connection: Connection, redact: Redactor) -> frozenset[str]:
    """Give the names of the server's tablespaces; raises as `inspect` does."""
    with asking(connection, redact) as cursor:
        cursor.execute("SELECT spcname FROM pg_catalog.pg_tablespace")
        return frozenset(name for (name,) in cursor.fetchall())


def create_roles(connection: Connection, roles: tuple[str, ...], redact: Redactor) -> None:
    """Make the roles by name only: they can own things, but nobody can log in with them."""
    with asking(connection, redact) as cursor:
        for role in roles:
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))


@contextmanager
def asking(connection: Connection, redact: Redactor) -> Iterator[psycopg2.extensions.cursor]:
    """Give a cursor in a session of its own; raises RestoreFailed, and as `inspect` does."""
    link = connect(connection, redact)
    try:
        with link.cursor() as cursor:
            yield cursor
    except psycopg2.OperationalError as error:
        raise DatabaseUnreachable(
            f"{connection.place} broke off: {' '.join(redact(str(error)).split())}"
        ) from None
    except psycopg2.Error as error:
        raise RestoreFailed(
            f"{connection.place} refused: {' '.join(redact(str(error)).split())}"
        ) from None
    finally:
        link.close()
