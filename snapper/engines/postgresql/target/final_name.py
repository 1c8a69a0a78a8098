"""A database before it is whole: nobody else is to meet it half filled, nor to add to it.

Until its rights are restored, functions are everybody's; what somebody adds may be called as us.
"""

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import PUBLIC, Properties
from snapper.engines.postgresql.naming.names import literal, quoted
from snapper.engines.postgresql.target.content import UNFINISHED_COMMENT
from snapper.engines.postgresql.target.dropping import end_sessions
from snapper.values.redaction import Redactor


def keep_others_out(name: str, via: Connection, redact: Redactor, *, named: bool) -> None:
    """Let only its owner and us connect; one `named` as in the end is marked as unfinished."""
    with asking(via, redact) as cursor:
        if named:
            cursor.execute(f"COMMENT ON DATABASE {quoted(name)} IS {literal(UNFINISHED_COMMENT)}")
        cursor.execute(f"REVOKE CONNECT ON DATABASE {quoted(name)} FROM PUBLIC")
        if _is_anothers(cursor):
            cursor.execute(f"GRANT CONNECT ON DATABASE {quoted(name)} TO SESSION_USER")
        end_sessions(cursor, name)


def let_others_in(
    name: str, properties: Properties | None, via: Connection, redact: Redactor, *, named: bool
) -> None:
    """Take both back, unless the backup's own database was not open to everybody either."""
    closed = properties and not any(
        right.grantee == PUBLIC and right.privilege == "CONNECT" for right in properties.rights
    )
    with asking(via, redact) as cursor:
        if named:
            cursor.execute(f"COMMENT ON DATABASE {quoted(name)} IS NULL")
        if not closed:
            cursor.execute(f"GRANT CONNECT ON DATABASE {quoted(name)} TO PUBLIC")
        if _is_anothers(cursor):
            cursor.execute(f"REVOKE CONNECT ON DATABASE {quoted(name)} FROM SESSION_USER")


def _is_anothers(cursor: Cursor) -> bool:
    """Tell whether we made it as a role that we have become: its rights may not be the login's."""
    cursor.execute("SELECT session_user <> current_user")
    return bool(cursor.fetchone()[0])
