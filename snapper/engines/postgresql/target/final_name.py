"""A database that has its own name before it is whole: nobody else is to meet it half filled."""

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import PUBLIC, Properties
from snapper.engines.postgresql.naming.names import literal, quoted
from snapper.engines.postgresql.target.content import UNFINISHED_COMMENT
from snapper.values.redaction import Redactor


def keep_others_out(name: str, via: Connection, redact: Redactor) -> None:
    """Mark the new database as unfinished, and let only its owner connect."""
    with asking(via, redact) as cursor:
        cursor.execute(f"COMMENT ON DATABASE {quoted(name)} IS {literal(UNFINISHED_COMMENT)}")
        cursor.execute(f"REVOKE CONNECT ON DATABASE {quoted(name)} FROM PUBLIC")


def let_others_in(
    name: str, properties: Properties | None, via: Connection, redact: Redactor
) -> None:
    """Take both back, unless the backup's own database was not open to everybody either."""
    closed = properties and not any(
        right.grantee == PUBLIC and right.privilege == "CONNECT" for right in properties.rights
    )
    with asking(via, redact) as cursor:
        cursor.execute(f"COMMENT ON DATABASE {quoted(name)} IS NULL")
        if not closed:
            cursor.execute(f"GRANT CONNECT ON DATABASE {quoted(name)} TO PUBLIC")
