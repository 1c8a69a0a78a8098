"""What PostgreSQL says of a database before it is dumped, as every engine gives it."""

from snapper.engines.facts import Facts
from snapper.engines.postgresql.connecting.signing_in import connection_of
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.values.secrets import Database


def facts_of(database: Database, patience: float) -> Facts:
    """Ask the server for its facts; raises DatabaseUnreachable, DatabaseUnsupported."""
    redact = redactor(database.connection)
    server = inspect(connection_of(database), redact, patience, database.options)
    chosen = server.exclusion
    recorded = Recorded(
        "",
        server.encoding,
        server.roles,
        server.properties,
        omitted=server.omitted + chosen.omitted,
        search_path=server.search_path,
        refused=server.refused,
    )
    return Facts(
        version=server.version,
        database_name=server.database_name,
        size=server.size,
        encrypted=server.encrypted,
        identity=server.identity,
        about=server.encoding,
        part=recorded.to_part(),
        omitted=server.omitted,
        role=server.role,
        bare=server.bare,
        arguments=chosen.arguments,
        doubts=chosen.doubts,
    )
