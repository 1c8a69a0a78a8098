"""A session that runs a dump's statements ends in our own words, whatever ends it."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.errors import DatabaseUnreachable, RestoreFailed
from tests.support.databases import Source


def test_an_error_that_nobody_expected_is_ours_and_holds_no_value(
    source: Callable[..., Source],
) -> None:
    made = source(
        17,
        "CREATE TABLE people AS SELECT 'Zoe Nobody-Else'::text AS name;"
        "CREATE FUNCTION told(text) RETURNS int LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'row: %', $1; END $$",
    )
    connection, redact = Connection.parse(made.dsn), redactor(made.dsn)
    with (
        pytest.raises(RestoreFailed, match="refused: raise exception"),
        StatementRunner(connection, redact) as runner,
    ):
        runner.run(b"SELECT public.told(name) FROM public.people")
    with (
        pytest.raises(DatabaseUnreachable, match="broke off: server closed"),
        StatementRunner(connection, redact) as runner,
    ):
        runner.run(b"SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())")
