"""What is set on a login or a database stands in the way of nothing that we do there."""

from collections.abc import Callable
from contextlib import closing
from urllib.parse import quote

import psycopg2
import pytest

from snapper.engines.postgresql.connecting.session import connect, conninfo
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.finding import Level
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump, restore, restore_as_new
from tests.support import poolers
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.few import few

WHO = "SELECT session_user::text, current_user::text"

HASTY = (
    "statement_timeout = '1ms'",
    "lock_timeout = '1ms'",
    "idle_in_transaction_session_timeout = '10s'",
    "default_transaction_read_only = on",
    "array_nulls = off",
)
"""What is often set on the logins of managed servers, only shorter; and what mangles rows."""


def ask(dsn: str, question: str) -> tuple[object, ...]:
    with closing(connect(Connection.parse(dsn), redactor(dsn))) as link, link.cursor() as cursor:
        cursor.execute(question)
        found: tuple[object, ...] = cursor.fetchone()
        return found


def login(source: Source, name: str, *set_on_it: str, rights: str = "") -> str:
    """Make a login and give its connection; what is set on it holds from its next session on."""
    source.run(f"CREATE ROLE {name} LOGIN PASSWORD 'hush-hush' {rights}")
    for setting in set_on_it:
        source.run(f"ALTER ROLE {name} SET {setting}")
    return source.as_role(name, "hush-hush")


def in_url(source: Source, name: str) -> str:
    tail = source.dsn.split("@")[1]
    return f"postgresql://{name}:hush-hush@{tail}"


def test_a_session_is_the_logins_own_whatever_login_and_database_become(
    source: Callable[..., Source],
) -> None:
    made = source(17, "CREATE ROLE owners; CREATE ROLE others")
    dsn = login(made, "becomes", "role TO owners")
    made.run(f'GRANT owners TO becomes; ALTER DATABASE "{made.name}" SET role TO others')
    assert ask(dsn, WHO) == ("becomes", "becomes")
    assert ask(made.dsn, WHO) == ("postgres", "postgres")


def test_so_it_is_where_a_pooler_drops_what_is_asked_for(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE pooled_owners")
    login(made, "pooled", "role TO pooled_owners", *HASTY[1:])
    made.run("GRANT pooled_owners TO pooled")
    with poolers.dropping(made.server.port) as port:
        dsn = in_url(made, "pooled").replace(f":{made.server.port}/", f":{port}/")
        assert ask(dsn, WHO) == ("pooled", "pooled")
        assert ask(dsn, "SHOW default_transaction_read_only") == ("off",)


def test_a_role_that_the_connection_asks_for_is_taken(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE wanted")
    login(made, "wants")
    made.run("GRANT wanted TO wants")
    asked = f"{in_url(made, 'wants')}?options={quote('-c role=wanted')}"
    assert ask(asked, WHO) == ("wants", "wanted")


@pytest.mark.parametrize("major", [14, 18])
def test_time_outs_and_a_ban_on_writing_are_set_aside_from_the_first_moment(
    major: int, source: Callable[..., Source]
) -> None:
    made = source(major)
    hasty = ("statement_timeout = '1ms'", "default_transaction_read_only = on")
    connection = Connection.parse(login(made, f"hurried_{major}", *hasty))
    # As pg_dump connects, which asks for nothing more before its first statement.
    with (
        closing(psycopg2.connect(conninfo(connection), password=connection.password)) as link,
        link.cursor() as cursor,
    ):
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("off",)


@pytest.mark.parametrize("major", [14, 17, 18])
def test_no_time_out_of_any_major_ends_a_session_of_ours(
    major: int, source: Callable[..., Source]
) -> None:
    made = source(major)
    dsn = login(made, f"idle_{major}", "idle_session_timeout = '1h'")
    if major >= 17:
        made.run(f"ALTER ROLE idle_{major} SET transaction_timeout = '1h'")
    left = "SELECT array_agg(name) FROM pg_settings WHERE name LIKE '%timeout' AND setting <> '0'"
    # Of replication, which no session of ours does.
    assert ask(dsn, f"{left} AND context = 'user'") == (["wal_sender_timeout"],)


@pytest.mark.parametrize("on", few(["login", "database"]))
def test_a_login_that_becomes_another_and_may_do_nothing_long_backs_up_and_restores(
    on: str, source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    rows = "CREATE TABLE u AS SELECT ARRAY[NULL, 'x'] AS nothing; GRANT SELECT ON u TO PUBLIC"
    made = source(17, f"CREATE ROLE group_of_{on}; {rows}")
    made.run(f"CREATE ROLE operator_of_{on} LOGIN SUPERUSER PASSWORD 'hush-hush'")
    made.run(f"GRANT group_of_{on} TO operator_of_{on}")
    empty, engine = source(17, "SELECT 1"), postgresql(tools)
    for setting in (f"role TO group_of_{on}", *HASTY):
        if on == "login":
            made.run(f"ALTER ROLE operator_of_{on} SET {setting}")
        else:
            for each in (made, empty):
                postgres = Source(made.server, "postgres")
                postgres.run(f'ALTER DATABASE "{each.name}" SET {setting}')
    dsn, target = (each.as_role(f"operator_of_{on}", "hush-hush") for each in (made, empty))
    anew = Source(made.server, f"anew of {on}").as_role(f"operator_of_{on}", "hush-hush")

    orders = Database("orders", dsn, 2)
    facts = engine.inspect(orders, 300)
    assert Level.FAILURE not in [found.level for found in engine.examine(orders, facts)]
    manifest = dumper.dump(job(), orders)
    assert manifest is not None
    restore(dumper.vault, manifest, target, engine)
    restore_as_new(dumper.vault, manifest, anew, engine)
    for name in (empty.name, f"anew of {on}"):
        assert Source(made.server, name).rows("SELECT nothing[1] IS NULL FROM u") == [(True,)]
    tried = engine.try_restore(Dump(dumper.vault, manifest), manifest, dsn)
    assert (tried.tables, tried.rows) == (1, 1)
    Source(made.server, "postgres").run(f'DROP DATABASE "anew of {on}"')
