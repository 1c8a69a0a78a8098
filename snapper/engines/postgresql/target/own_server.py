"""A server of the operator's own on which backups are to be tried: asked before one is read."""

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.target.maintenance import maintenance
from snapper.errors import SettingsError
from snapper.values.redaction import Redactor

_MAY_CREATE = """
    SELECT current_user, rolcreatedb OR rolsuper FROM pg_catalog.pg_roles
    WHERE rolname = current_user
"""


def require_server(connection: Connection, redact: Redactor) -> Connection:
    """Give the database from which others can be made there; raise if none can be.

    Raises DatabaseUnreachable, DatabaseUnsupported of a pooler, SettingsError of a role that may
    make none.
    """
    server = maintenance(connection, redact)
    inspect(server, redact)
    with asking(server, redact) as cursor:
        cursor.execute(_MAY_CREATE)
        role, may_create = cursor.fetchone()
    if not may_create:
        raise SettingsError(
            f"the role {role} may make no database on {server.place}",
            hint="name a role that may (ALTER ROLE … CREATEDB), best a superuser",
        )
    return server
