"""What a restore has made can be dropped again, whatever there is in it."""

from collections.abc import Callable

import psycopg2
import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.target.content import exists
from snapper.engines.postgresql.target.draft import draft
from snapper.engines.postgresql.target.dropping import drop_database
from snapper.errors import RestoreFailed
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.restores import unfinished

HIDE = Redactor()
SUBSCRIBE = (
    "CREATE SUBSCRIPTION \"from 'head'\" CONNECTION 'host=192.0.2.1 connect_timeout=600'"
    " PUBLICATION p WITH (connect = false, slot_name = 'of_production')"
)
OBJECTS = """
    CREATE FUNCTION objects() RETURNS event_trigger LANGUAGE plpgsql
    AS 'BEGIN RAISE EXCEPTION $$not here$$; END';
    CREATE EVENT TRIGGER objects ON ddl_command_start EXECUTE FUNCTION objects()
"""


def via(source: Source) -> Connection:
    return Connection.parse(source.server.dsn())


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_a_database_with_subscriptions_is_dropped_and_no_slot_is_asked_for(
    major: int, source: Callable[..., Source]
) -> None:
    made = source(major, SUBSCRIBE)
    made.run(OBJECTS)
    drop_database(Connection.parse(made.dsn), via(made), HIDE)
    assert not exists(Connection.parse(made.dsn), HIDE)


def test_a_template_that_somebody_uses_is_dropped(source: Callable[..., Source]) -> None:
    made = source(18)
    Source(made.server, "postgres").run(f'ALTER DATABASE "{made.name}" IS_TEMPLATE true')
    used = psycopg2.connect(made.dsn)
    drop_database(Connection.parse(made.dsn), via(made), HIDE)
    used.close()
    assert not exists(Connection.parse(made.dsn), HIDE)


def test_a_restore_that_fails_behind_a_subscription_leaves_nothing(
    source: Callable[..., Source],
) -> None:
    made = source(18)
    target = Connection.parse(made.server.dsn("never subscribed"))

    def fail() -> None:
        with draft(target, Recorded("18.1", "UTF8", ()), HIDE, print) as filling:
            Source(made.server, filling.parameters["dbname"]).run(SUBSCRIBE)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert unfinished(made.server) == []


def test_how_to_drop_a_subscription_by_hand_is_told_where_it_could_not_be(
    source: Callable[..., Source],
) -> None:
    made = source(18, SUBSCRIBE)
    admin = Source(made.server, "postgres")
    admin.run(f'ALTER DATABASE "{made.name}" ALLOW_CONNECTIONS false')
    try:
        with pytest.raises(RestoreFailed, match="holds subscriptions") as failed:
            drop_database(Connection.parse(made.dsn), via(made), HIDE)
    finally:
        admin.run(f'ALTER DATABASE "{made.name}" ALLOW_CONNECTIONS true')
        drop_database(Connection.parse(made.dsn), via(made), HIDE)
    assert "slot_name = NONE" in failed.value.hint
