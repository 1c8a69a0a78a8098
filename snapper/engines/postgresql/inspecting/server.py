"""What a server says of itself before it is dumped."""

import hashlib
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Link  # noqa: N812  a class, in small letters

from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.postgresql.connecting.acting import role_to_take
from snapper.engines.postgresql.connecting.own_session import is_own
from snapper.engines.postgresql.connecting.refusals import pooler
from snapper.engines.postgresql.connecting.session import answering, connect, keeps_options
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.named_roles import named_roles
from snapper.engines.postgresql.inspecting.properties import Properties
from snapper.engines.postgresql.inspecting.read_properties import read_properties
from snapper.engines.postgresql.naming.encoding import every_name
from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.newer_majors import newer
from snapper.engines.postgresql.omitting import omitted
from snapper.engines.postgresql.omitting.exclusion import Exclusion, exclusion
from snapper.errors import DatabaseUnsupported, HostUnreachable
from snapper.values.omission import Omission
from snapper.values.options import UNSET, Options
from snapper.values.redaction import Redactor

# Of the database, of its owner, and of those who have something in it: names without a schema were
# found on one of these paths. Nothing is cut out here: what was set from a database in another
# encoding is no text to the server.
_PATHS = r"""
    SELECT setting FROM pg_catalog.pg_database d
    JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid OR (
        s.setdatabase = 0 AND s.setrole IN (
            SELECT d.datdba UNION ALL SELECT refobjid FROM pg_catalog.pg_shdepend
            WHERE dbid = d.oid AND refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        )
    ),
    pg_catalog.unnest(s.setconfig) AS setting
    WHERE d.datname = pg_catalog.current_database() AND setting LIKE 'search\_path=%'
"""


@dataclass(frozen=True)
class ServerFacts:
    """One server and database, as pg_dump will find them; `size` in bytes.

    `identity` is a digest of what is this database's alone; `roles` are those that own
    something in it or have a right on it; `properties` is what is set on it as a whole,
    `omitted` what pg_dump will leave out of it, `exclusion` what the options of the database do,
    `refused` what newer majors do not take. `role` is one that pg_dump must take by itself. It is
    `bare` where something between us and the server drops the options of a connection, or refuses
    them.
    """

    version: str
    major: int
    database_name: str
    size: int
    encoding: str
    encrypted: bool
    identity: str
    roles: tuple[str, ...]
    properties: Properties | None
    omitted: tuple[Omission, ...]
    exclusion: Exclusion
    role: str = ""
    bare: bool = False
    search_path: str = ""
    refused: tuple[newer.Refused, ...] = ()


def inspect(
    connection: Connection,
    redact: Redactor,
    patience: float = LONGEST_SILENCE,
    options: Options = UNSET,
) -> ServerFacts:
    """Ask the server for its facts, and what the options mean there.

    Raises DatabaseUnreachable if it does not answer within `patience` seconds, DatabaseUnsupported
    if a pooler does.
    """
    link = connect(connection, redact, patience)
    try:
        with answering(link, connection, redact, patience), link.cursor() as cursor:
            bare = not keeps_options(cursor)

        def another() -> Link | None:
            try:
                return connect(connection, redact, patience, again=bare)
            except HostUnreachable:
                # Such as a login that may have one connection only: what keeps all that was asked
                # for is hardly a pooler.
                if bare:
                    raise
                return None

        with answering(link, connection, redact, patience):
            if not is_own(link, another):
                raise pooler(connection)
            if bare:
                _require_plain_strings(link, connection)
            return _facts(link, connection, options, bare=bare)
    finally:
        link.close()


def _require_plain_strings(link: Link, connection: Connection) -> None:
    """Raise where a backslash would be more than one to pg_dump, to which we cannot say it."""
    with link.cursor() as cursor:
        cursor.execute(
            "SELECT reset_val FROM pg_catalog.pg_settings"
            " WHERE name = 'standard_conforming_strings'"
        )
        if cursor.fetchone()[0] != "on":
            raise DatabaseUnsupported(
                f"{connection.place} is a connection pooler that drops options, and "
                "standard_conforming_strings is off for this login or database",
                hint="set it on there, or use the database's direct connection",
            )


def _facts(link: Link, connection: Connection, options: Options, *, bare: bool) -> ServerFacts:
    with every_name(link), link.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
            " current_database(), pg_database_size(current_database()),"
            " current_setting('server_encoding'), session_user::text"
        )
        number, version, name, size, encoding, login = cursor.fetchone()
        if role := role_to_take(cursor):
            cursor.execute(f"SET ROLE {quoted(role)}")
        roles = named_roles(cursor)
        identity = _identity(cursor, connection)
        lacking: list[str] = []
        properties = read_properties(cursor, name, lacking.append)
        chosen = exclusion(cursor, options, encoding)
        left_out = tuple(omitted.ask(cursor, chosen.gone, chosen.emptied))
        if properties is None or lacking:
            left_out += (omitted.properties(lacking if properties else ()),)
        refused = newer.ask(cursor)
        search_path = _search_path(cursor)
    return ServerFacts(
        version=version.split()[0],
        major=number // 10_000,
        database_name=name,
        size=size,
        encoding=encoding,
        encrypted=link.info.ssl_in_use,
        identity=identity,
        roles=roles,
        properties=properties,
        omitted=left_out,
        exclusion=chosen,
        # Where our own wish to be the login does not arrive, it is said in another way.
        role=role or (login if bare else ""),
        bare=bare,
        search_path=search_path,
        refused=refused,
    )


def _search_path(cursor: psycopg2.extensions.cursor) -> str:
    cursor.execute(_PATHS)
    paths = {setting.removeprefix("search_path=") for (setting,) in cursor.fetchall()}
    return ", ".join(sorted(paths - {"", '""'}))


def _identity(cursor: psycopg2.extensions.cursor, connection: Connection) -> str:
    """Tell the database by its server's own number, or where that is not shown by its address."""
    cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
    (oid,) = cursor.fetchone()
    try:
        cursor.execute("SELECT system_identifier FROM pg_control_system()")
        (server,) = cursor.fetchone()
    except psycopg2.Error:
        server = connection.place
    return hashlib.sha256(f"{server}/{oid}".encode()).hexdigest()[:32]
