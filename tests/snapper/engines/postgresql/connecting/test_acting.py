"""A login that inherits nothing has the rights of the role that it is set to become."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.connecting.acting import acting, rightful
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.finding import Level
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore
from tests.support import poolers
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.few import few
from tests.support.vaults import keys


def login(source: Source, name: str, group: str, *, inherits: bool = False) -> str:
    """Make a login of a group, which it becomes; give its connection."""
    how = "INHERIT" if inherits else "NOINHERIT"
    source.run(f"CREATE ROLE \"{group}\"; CREATE ROLE {name} LOGIN {how} PASSWORD 'hush-hush'")
    source.run(f'GRANT "{group}" TO {name}; ALTER ROLE {name} SET role TO "{group}"')
    tail = source.dsn.split("@")[1]
    return f"postgresql://{name}:hush-hush@{tail}"


@pytest.mark.parametrize("major", few([14, 17]))
def test_what_the_role_may_read_is_backed_up_and_restored(
    major: int, source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made, empty, engine = source(major), source(major, "SELECT 1"), postgresql(tools)
    dsn = login(made, f"reads_{major}", f"its group {major}")
    made.run(f'GRANT pg_read_all_data TO "its group {major}"')
    Source(made.server, "postgres").run(
        f'ALTER DATABASE "{empty.name}" OWNER TO "its group {major}"'
    )
    empty.run(f'ALTER SCHEMA public OWNER TO "its group {major}"')
    made.run(f'ALTER TABLE t OWNER TO "its group {major}"')
    orders = Database("orders", dsn, 2)
    facts = engine.inspect(orders, 300)
    assert facts.role == f"its group {major}"
    assert Level.FAILURE not in [found.level for found in engine.examine(orders, facts)]
    manifest = dumper.dump(job(), orders)
    assert manifest is not None
    target = empty.as_role(f"reads_{major}", "hush-hush")
    restore(dumper.vault, manifest, target, engine)
    assert empty.rows("SELECT n FROM t") == [(1,)]
    for each in (made, empty):
        each.run(f"DROP OWNED BY reads_{major}")


def test_through_a_pooler_too(source: Callable[..., Source], dumper: Dumper) -> None:
    made = source()
    dsn = login(made, "pools", "pooled group")
    made.run('GRANT pg_read_all_data TO "pooled group"')
    with poolers.dropping(made.server.port) as port:
        dsn = dsn.replace(f":{made.server.port}/", f":{port}/")
        assert dumper.dump(job(), Database("orders", dsn, 2)) is not None
    assert keys(dumper.vault)


def test_who_inherits_stays_itself(source: Callable[..., Source]) -> None:
    made = source()
    dsn = login(made, "inherits", "inherited", inherits=True)
    connection = Connection.parse(dsn)
    assert rightful(connection, redactor(dsn)) == connection


def test_a_role_that_it_may_not_become_is_none(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE strange; CREATE ROLE alone LOGIN PASSWORD 'hush-hush'")
    Source(made.server, "postgres").run(f'ALTER DATABASE "{made.name}" SET role TO strange')
    dsn = made.as_role("alone", "hush-hush")
    connection = Connection.parse(dsn)
    assert rightful(connection, redactor(dsn)) == connection


@pytest.mark.parametrize("name", ["plain", "with space", "back\\slash", "it's", 'double"quote'])
def test_a_role_of_whatever_name_is_taken(name: str, source: Callable[..., Source]) -> None:
    made = source()
    quoted = name.replace('"', '""')
    made.run(f'CREATE ROLE "taken {quoted}"')
    taken = acting(Connection.parse(made.dsn), f"taken {name}")
    with asking(taken, redactor(made.dsn)) as cursor:
        cursor.execute("SELECT current_user::text")
        assert cursor.fetchone() == (f"taken {name}",)
