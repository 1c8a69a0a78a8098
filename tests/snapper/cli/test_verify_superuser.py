"""What takes a superuser is restored nowhere here: a hint says where it can be."""

import pytest

from snapper.errors import RestoreFailed
from tests.support.stage import StageUnderTest

NEEDS = """
    CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS
        $$ SELECT pg_read_file('PG_VERSION') IS NOT NULL $$;
    CREATE TABLE needy (n int CHECK (f(n))); INSERT INTO needy VALUES (1)
"""
"""A table whose rows take a superuser, as which nothing of a dump runs in a trial."""


@pytest.mark.long
def test_what_no_server_here_takes_is_told_with_a_hint_and_stops_no_other(
    stage: StageUnderTest,
) -> None:
    with (
        stage.database("a-needy", stage.source(18, NEEDS).dsn),
        stage.database("b-plain", stage.source(18).dsn),
    ):
        stage.back_up("a-needy")
        stage.back_up("b-plain")
        ran = stage.run_cli("verify", "a-needy", "b-plain", "--restore", "--json")
        assert ran.code == RestoreFailed.exit_code
        needy, plain = ran.document["backups"]
        assert needy["verification"]["sound"] is True
        assert "--on" in needy["error"]["hint"]
        assert needy["verification"]["failed"] is None
        standings = stage.run_cli("status", "--json").document["databases"]
        assert [each["problems"] for each in standings if each["database"] == "a-needy"] == [[]]
        assert plain["verification"]["restored"]["tables"] == 1
