"""The database from which others are made: no server need have one called `postgres`."""

from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.naming.names import MAINTENANCE, database_name
from snapper.errors import DatabaseUnreachable, HostUnreachable
from snapper.values.redaction import Redactor

_LIKELY = (MAINTENANCE, "template1", "defaultdb")


def maintenance(connection: Connection, redact: Redactor) -> Connection:
    """Give the same connection with the first database that lets us in.

    Tried are the one that it names, those that most servers have, and that of the role's name.
    Raises DatabaseUnreachable where none lets us in, with what `postgres` said.
    """
    own = connection.parameters.get("user", MAINTENANCE)
    names = tuple(dict.fromkeys((database_name(connection), *_LIKELY, own)))
    refused: dict[str, DatabaseUnreachable] = {}
    for name in names:
        tried = connection.replace(dbname=name)
        try:
            connect(tried, redact).close()
        except HostUnreachable:
            raise
        except DatabaseUnreachable as error:
            # A server may lock out who asks often.
            if error.of_login:
                raise
            refused[name] = error
        else:
            return tried
    raise DatabaseUnreachable(
        str(refused[MAINTENANCE]),
        hint=f"a session is needed in one of the databases {', '.join(names)}, or in another that"
        " is there and that you name: GRANT CONNECT, or admit it in pg_hba.conf",
    )
