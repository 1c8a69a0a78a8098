"""Whose rights a statement takes that this user may become, and has none of by itself.

From 16 on a membership may be without INHERIT, and any login may be NOINHERIT: what it has given
away to such a role it may change only as that role.
"""

import re

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sqlstate
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.superusers import DENIED
from snapper.engines.postgresql.naming.names import NAME, plain

_LOOKED_AT = 4000
"""Bytes of a statement in which names are looked for."""

_THING = re.compile(
    rb"ALTER DEFAULT PRIVILEGES FOR ROLE (?P<role>%(n)b)"
    rb"|[^;]*?(?<![\w\"])(?!pg_catalog\.)(?P<schema>%(n)b)\.(?P<name>%(n)b)"
    rb"|[^;]*?\bSCHEMA (?P<only>%(n)b)" % {b"n": NAME}
)

# By the catalogue: the server looks up no name in a schema that is not for this user.
_OWNER = """
    SELECT r.rolname, pg_catalog.current_setting('role') FROM pg_catalog.pg_roles r
    LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = %s
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = %s
    WHERE (r.oid IN (c.relowner, n.nspowner) OR r.rolname = %s)
    AND pg_catalog.pg_has_role(r.oid, 'MEMBER') AND NOT pg_catalog.pg_has_role(r.oid, 'USAGE')
    ORDER BY r.oid IS DISTINCT FROM c.relowner LIMIT 1
"""


def owner_to_become(
    body: bytes, error: psycopg2.Error, runner: StatementRunner
) -> tuple[str, str] | None:
    """Give the owner of what was denied, or of its schema, and the role that we are now."""
    found = _THING.match(body[:_LOOKED_AT]) if sqlstate(error) == DENIED else None
    if not found:
        return None
    names = (found["schema"] or found["only"], found["name"], found["role"])
    try:
        rows = runner.ask(_OWNER, *(plain(name) if name else None for name in names))
    except psycopg2.Error:
        return None
    return (str(rows[0][0]), str(rows[0][1])) if rows else None
