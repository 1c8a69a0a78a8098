"""Whatever pg_dump leaves out has a kind of its own, and a provider's own is no loss."""

from collections.abc import Callable

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.omitting.left_out import KINDS
from snapper.values.redaction import Redactor
from tests.support.databases import Source


def test_what_a_provider_has_made_in_the_systems_schemas_is_not_the_customers(
    source: Callable[..., Source],
) -> None:
    made = source(
        17,
        "CREATE ROLE rdsadmin; CREATE FUNCTION pg_catalog.w() RETURNS int"
        " LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION pg_catalog.w() OWNER TO rdsadmin",
    )
    try:
        assert inspect(Connection.parse(made.dsn), Redactor()).omitted == ()
    finally:
        made.run("DROP FUNCTION pg_catalog.w(); DROP ROLE rdsadmin")


def test_kinds_are_told_apart() -> None:
    assert len({each.kind for each in KINDS}) == len(KINDS)
