"""A restore by a role of its own that is no superuser: so no code of a backup runs as one.

Whoever owns a table of the source can have a function of theirs run wherever its rows are restored:
by a CHECK, a default, an index. A superuser's `COPY … TO PROGRAM` would be a shell.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import WORKS, asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.loading.load import load
from snapper.engines.postgresql.loading.restore_calls import restore_calls
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.naming.names import MAINTENANCE, database_name
from snapper.engines.postgresql.reading.head import Head, without_schemas
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import Rewrite, Statement, rewritten
from snapper.engines.postgresql.trying.withheld import Withheld
from snapper.errors import SnapperError
from snapper.values.redaction import Redactor

_LONGEST_NAME = 40
"""Bytes of the superuser's name in the role's: PostgreSQL cuts a name after 63."""

_OWNS_PUBLIC = 150_000
"""The first version in which whoever owns a database owns its schema `public`."""

_AS_PG_DUMP = """
    SET search_path = ''; SET standard_conforming_strings = on; SET row_security = off;
    SET synchronous_commit = off
"""

# What an extension lets its users fill or build upon, and belongs to the superuser who made it.
_OF_EXTENSIONS = """
    SELECT CASE c.relkind WHEN 'S' THEN 'ALL' ELSE 'SELECT, INSERT' END,
        'TABLE ' || c.oid::pg_catalog.regclass::pg_catalog.text
    FROM pg_catalog.pg_extension e, pg_catalog.unnest(e.extconfig) AS o (oid)
    JOIN pg_catalog.pg_class c ON c.oid = o.oid
    UNION ALL
    SELECT 'ALL', 'FOREIGN DATA WRAPPER ' || pg_catalog.quote_ident(fdwname)
    FROM pg_catalog.pg_foreign_data_wrapper
    UNION ALL
    SELECT 'ALL', 'SCHEMA ' || pg_catalog.quote_ident(n.nspname)
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.deptype = 'e'
"""


_OWNER_OF_PUBLIC = """
    SELECT r.rolname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
    WHERE n.nspname = 'public'
"""


def restore_confined(
    dump: Iterable[bytes],
    database: Connection,
    backup: Recorded,
    portable: Portable,
    loading: Loading,
    redact: Redactor,
    *,
    forged: bool = False,
    also: tuple[Rewrite, ...] = (),
) -> None:
    """Fill the new, empty database of a superuser's connection, as a role that is none.

    The superuser makes the extensions before anything else is there, and at the end does what
    `Withheld` has kept for it. What has no owner in the dump stays the role's, which nobody can use
    any more: the superuser's own, it could be a function that somebody else's calls. A dump that
    may be `forged`, as anything in a bucket may, leaves its functions to the role too, and gives
    nobody rights on functions. What is given `also` may change its statements for this server.
    Raises RestoreFailed, DatabaseUnreachable, or what the dump raises.
    """
    withheld, head = Withheld(forged=forged), Head()
    parts = rewritten(dump, portable, *also, head, withheld)
    beginning = head.read(parts)
    if loading.again is not None:
        loading.again = lambda: rewritten(dump, portable, *also, Withheld(forged=forged))
    plain, role = _somebody(database)
    with asking(database, redact, patience=WORKS) as cursor:
        _prepare(cursor, backup.encoding)
        _make_role(cursor, role, plain, database_name(database))
        schemas = _make_extensions(cursor, role, head)
    with restore_calls(database, redact, loading.notes):
        with StatementRunner(plain, redact) as runner:
            runner.run(b"SET synchronous_commit = off")
            load(chain(without_schemas(beginning, schemas), parts), runner, loading)
        with StatementRunner(database, redact) as runner:
            runner.run(_AS_PG_DUMP.encode())
            runner.ask(
                "SELECT pg_catalog.set_config('client_encoding', %s, false)", backup.encoding
            )
            load([Statement(each, 0) for each in withheld.statements], runner, loading)
            with asking(database, redact) as cursor:
                _retire(cursor, role, database_name(database))
            load([Statement(each, 0) for each in withheld.triggers], runner, loading)


@contextmanager
def reader(database: Connection, redact: Redactor) -> Iterator[Connection]:
    """Give a connection for whoever looks at restored rows.

    It reads everything and is no superuser either: even to count rows the server evaluates what
    can be known beforehand of an index, and so calls functions that came with the dump. It is
    taken away again after the block, or else goes with the server.
    """
    plain, role = _somebody(database)
    name = sql.Identifier(database_name(database))
    asked = database.replace(dbname=MAINTENANCE)
    with asking(asked, redact) as cursor:
        _create(cursor, role, plain)
        cursor.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(role))
        # There is no such role for large objects.
        cursor.execute(sql.SQL("ALTER ROLE {} SET lo_compat_privileges = on").format(role))
        # What is set on the database itself may keep others out.
        cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, role))
        limit = "SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = %s"
        cursor.execute(limit, [database_name(database)])
        (connections,) = cursor.fetchone()
        cursor.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT -1").format(name))

    def take_away() -> None:
        with asking(asked, redact) as cursor:
            back = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
            cursor.execute(back.format(name, sql.Literal(connections)))
            cursor.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM {}").format(name, role))
            cursor.execute(sql.SQL("DROP ROLE {}").format(role))

    try:
        yield plain
    except BaseException:
        with suppress(SnapperError):
            take_away()
        raise
    take_away()


def _somebody(database: Connection) -> tuple[Connection, sql.Identifier]:
    """Think of a role that nobody can know, and give its connection and its name.

    It begins with the superuser's, as which it is known again.
    """
    name = f"{database.parameters['user'][:_LONGEST_NAME]}_{secrets.token_hex(8)}"
    plain = Connection({**database.parameters, "user": name}, secrets.token_urlsafe(24))
    return plain, sql.Identifier(name)


def _create(cursor: Cursor, role: sql.Identifier, plain: Connection) -> None:
    make = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER BYPASSRLS PASSWORD {}")
    cursor.execute(make.format(role, sql.Literal(plain.password)))


def _prepare(cursor: Cursor, encoding: str) -> None:
    cursor.execute(_AS_PG_DUMP)
    cursor.execute("SELECT pg_catalog.set_config('client_encoding', %s, false)", [encoding])


def _make_role(cursor: Cursor, role: sql.Identifier, plain: Connection, database: str) -> None:
    """Make a role that may do all in this database, and nothing beyond it."""
    _create(cursor, role, plain)
    # Event triggers of extensions may object to any restore; as those of a replica they are silent.
    silent = sql.SQL("ALTER ROLE {} SET session_replication_role = replica")
    cursor.execute(silent.format(role))
    own = sql.SQL("ALTER DATABASE {} OWNER TO {}")
    cursor.execute(own.format(sql.Identifier(database), role))
    if cursor.connection.server_version < _OWNS_PUBLIC:
        cursor.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(role))


def _make_extensions(cursor: Cursor, role: sql.Identifier, head: Head) -> frozenset[bytes]:
    """Make extensions and their schemas, and give the latter.

    What cannot be made is left to the dump, which fails for it and says where.
    """
    owner = b" AUTHORIZATION " + role.as_string(cursor).encode()
    schemas: set[bytes] = set()
    for name, schema in head.extensions:
        if schema in head.schemas - schemas:
            with suppress(psycopg2.errors.DuplicateSchema, psycopg2.errors.ReservedName):
                cursor.execute(b"CREATE SCHEMA " + schema + owner)
                schemas.add(schema)
        with suppress(
            psycopg2.ProgrammingError, psycopg2.NotSupportedError, psycopg2.OperationalError
        ):
            cursor.execute(b"CREATE EXTENSION IF NOT EXISTS " + name + b" WITH SCHEMA " + schema)
    _of_extensions(cursor, "GRANT {} ON {} TO {}", role)
    return frozenset(schemas)


def _of_extensions(cursor: Cursor, change: str, role: sql.Identifier) -> None:
    cursor.execute(_OF_EXTENSIONS)
    for right, what in cursor.fetchall():
        cursor.execute(sql.SQL(change).format(sql.SQL(right), sql.SQL(what), role))


def _retire(cursor: Cursor, role: sql.Identifier, database: str) -> None:
    """Take back what the role was given to begin with, and let nobody be it any more."""
    own = sql.SQL("ALTER DATABASE {} OWNER TO CURRENT_USER")
    cursor.execute(own.format(sql.Identifier(database)))
    if cursor.connection.server_version < _OWNS_PUBLIC:
        cursor.execute(_OWNER_OF_PUBLIC)
        if [sql.Identifier(*row) for row in cursor.fetchall()] == [role]:
            cursor.execute("ALTER SCHEMA public OWNER TO CURRENT_USER")
    _of_extensions(cursor, "REVOKE {} ON {} FROM {}", role)
    cursor.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
