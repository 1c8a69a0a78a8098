"""The role that a login must become to have its rights, where it does not inherit them.

Such a login is set to become that role (ALTER ROLE … SET role), and has nothing without it. Our
sessions are the login's own all the same; who reads or fills a database asks for the role.
"""

import re

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.values.redaction import Redactor

# What is set on the login in this database goes before what is set on either.
_BECOMES = """
    SELECT role.rolname FROM (
        SELECT pg_catalog.substr(setting, 6) AS name
        FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS setting
        WHERE setting LIKE 'role=%'
        AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
        AND s.setdatabase IN
            (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
        ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1
    ) AS chosen JOIN pg_catalog.pg_roles role ON role.rolname = chosen.name
    WHERE current_user = session_user
    AND pg_catalog.pg_has_role(session_user, role.oid, 'MEMBER')
    AND NOT pg_catalog.pg_has_role(session_user, role.oid, 'USAGE')
"""

_MAY_CREATE = (
    "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')"
    " AND (SELECT pg_catalog.bool_and(pg_catalog.has_schema_privilege(oid, 'CREATE'))"
    " FROM pg_catalog.pg_namespace WHERE nspname = 'public')"
)


def role_to_take(cursor: Cursor) -> str:
    """Give the role of whose rights the session's login has none of its own; mostly there is none.

    Nor is there one where the connection itself asks for a role.
    """
    cursor.execute(_BECOMES)
    found = cursor.fetchone()
    return found[0] if found else ""


def acting(connection: Connection, role: str) -> Connection:
    """Give the connection that takes the role at once."""
    if not role:
        return connection
    given = connection.parameters.get("options", "")
    # Options are parted at spaces.
    escaped = re.sub(r"([\\\s])", r"\\\1", role)
    return connection.replace(options=f"{given} -c role={escaped}".strip())


def rightful(connection: Connection, redact: Redactor) -> Connection:
    """Give the connection that may make things in its database: as its login, or as that role."""
    with asking(connection, redact) as cursor:
        cursor.execute(_MAY_CREATE)
        (may_itself,) = cursor.fetchone()
        return connection if may_itself else acting(connection, role_to_take(cursor))
