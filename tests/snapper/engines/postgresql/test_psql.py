"""What psql says of a target that lacks something comes with what fixes it."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.psql import FedPsql, psql_command
from snapper.engines.postgresql.redaction import redactor
from snapper.errors import RestoreFailed
from tests.support.databases import Source


def feed(target: Source, major: int, tools: ClientTools, sql: str) -> None:
    connection = Connection.parse(target.dsn)
    environment = {**tools.environment(), **connection.environment()}
    command = psql_command(tools, major, connection)
    with FedPsql(command, environment, redactor(target.dsn)) as psql:
        psql.write(sql.encode())
        psql.finish()


@pytest.mark.parametrize("major", [14, 18])
@pytest.mark.parametrize(
    ("sql", "fix"),
    [
        ("CREATE EXTENSION nowhere", "install the extension on the target's server"),
        (
            "CREATE FUNCTION public.f() RETURNS int LANGUAGE c AS '$libdir/nowhere', 'f'",
            "install on the target's server what the extension needs",
        ),
        (
            "CREATE COLLATION public.german (provider = icu, locale = 'de')",
            "restore into a server that was built with ICU, as the source's was",
        ),
        ("SELECT 1/0", ""),
    ],
)
def test_what_a_target_lacks_is_told_with_what_mends_it(
    sql: str, fix: str, major: int, source: Callable[..., Source], tools: ClientTools
) -> None:
    with pytest.raises(RestoreFailed, match="psql stopped") as failed:
        feed(source(major), major, tools, f"{sql};\n")
    assert failed.value.hint == fix
