"""Starting pg_dump for a database, as its facts say that it must be."""

from functools import partial

from snapper.engines.checked_dump import CheckedDump
from snapper.engines.facts import Facts
from snapper.engines.postgresql.connecting.logins import accepted
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.connecting.signing_in import connection_of
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import PG_DUMP, pg_dump_command
from snapper.engines.postgresql.dumping.silence import why_silent
from snapper.values.secrets import Database


def dump(
    tools: ClientTools, major: int, database: Database, facts: Facts, patience: float
) -> CheckedDump:
    """Start one pg_dump for all; raises SettingsError if it cannot run, DatabaseUnreachable."""
    redact = redactor(database.connection)
    asking = connection_of(database)
    connection = accepted(asking, redact, lambda each: connect(each, redact, again=False))
    command = pg_dump_command(
        tools,
        major,
        connection,
        facts.part["encoding"],
        facts.role,
        facts.arguments,
        bare=facts.bare,
    )
    environment = {**tools.environment(), **connection.environment()}
    # Its session is another one, for which a password may have changed meanwhile.
    why = partial(why_silent, asking, redact)
    return CheckedDump(command, environment, redact, PG_DUMP, patience, why)
