"""The roles that a backup names and does not hold: which are missing, and how they are made."""

from psycopg2 import sql

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.naming.encoding import is_readable
from snapper.engines.postgresql.naming.provider_roles import whose
from snapper.errors import SettingsError
from snapper.values.redaction import Redactor

# Compared by the server: names of other databases' encodings may be among its own.
_ABSENT = """
    SELECT wanted FROM pg_catalog.unnest(%s::pg_catalog.text[]) WITH ORDINALITY AS w (wanted, at)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted::pg_catalog.name)
    ORDER BY at
"""

# Whoever owns something can give it only to a role that it may become.
_STRANGE = """
    SELECT rolname::pg_catalog.text FROM pg_catalog.pg_roles
    WHERE rolname::pg_catalog.text = ANY (%s::pg_catalog.text[])
    AND NOT pg_catalog.pg_has_role(oid, %s)
    ORDER BY 1
"""

_MAKER = """
    SELECT rolname, rolsuper, rolsuper OR rolcreaterole FROM pg_catalog.pg_roles
    WHERE rolname = current_user
"""

_MAKES_ADMINS = 160_000
"""The first version in which a role's maker may hand it on, and may not act as it by itself."""


def absent_roles(
    connection: Connection, roles: tuple[str, ...], redact: Redactor
) -> tuple[str, ...]:
    """Give those of the roles that the server does not have."""
    with asking(connection, redact) as cursor:
        cursor.execute(_ABSENT, [list(roles)])
        return tuple(role for (role,) in cursor.fetchall())


def missing_roles(
    connection: Connection, roles: tuple[str, ...], redact: Redactor
) -> tuple[str, ...]:
    """Give those of the roles that must be made: see `passed_over` for those that are not."""
    absent = absent_roles(connection, roles, redact)
    return tuple(role for role in absent if not passed_over(role))


def passed_over(role: str) -> str:
    r"""Say why a role need not be made where it is missing; nothing of one that must be.

    >>> passed_over("rdsadmin"), passed_over(r"m\xfcller"), passed_over("app")
    ("is Amazon RDS's own", 'has a name in another encoding', '')
    """
    if own := whose(role):
        return f"is {own}'s own"
    return "" if is_readable(role) else "has a name in another encoding"


def strange_roles(
    connection: Connection, roles: tuple[str, ...], redact: Redactor
) -> tuple[str, ...]:
    """Give those of the server's roles to which this user can give nothing that it makes."""
    with asking(connection, redact) as cursor:
        right = "SET" if cursor.connection.server_version >= _MAKES_ADMINS else "MEMBER"
        cursor.execute(_STRANGE, [list(roles), right])
        return tuple(role for (role,) in cursor.fetchall())


def may_make_roles(connection: Connection, redact: Redactor) -> bool:
    """Tell whether this user may make roles."""
    with asking(connection, redact) as cursor:
        cursor.execute(_MAKER)
        return bool(cursor.fetchone()[2])


def create_roles(connection: Connection, roles: tuple[str, ...], redact: Redactor) -> None:
    """Make the roles by name only: they can own things, but nobody can log in with them.

    Whoever makes them without being a superuser is given what it takes to give them something.
    All of them, or none: statements that are sent together are one transaction. Raises
    SettingsError of a user who may make none.
    """
    with asking(connection, redact) as cursor:
        cursor.execute(_MAKER)
        user, is_superuser, may_create = cursor.fetchone()
        if not may_create:
            raise SettingsError(
                f"{user} may make no roles, and these are missing: {', '.join(roles)}",
                hint=f"have somebody make them, or ALTER ROLE {user} CREATEROLE",
            )
        make = "CREATE ROLE {0} NOLOGIN"
        if not is_superuser and cursor.connection.server_version < _MAKES_ADMINS:
            make = "CREATE ROLE {0} NOLOGIN ROLE CURRENT_USER"
        elif not is_superuser:
            make += "; GRANT {0} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"
        names = map(sql.Identifier, roles)
        cursor.execute(sql.SQL("; ").join(sql.SQL(make).format(name) for name in names))
