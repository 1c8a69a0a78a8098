"""A login that does not inherit the rights of its groups restores what belongs to them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump, restore, restore_as_new
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.restores import EMPTY

MAJORS = [pytest.param(14, marks=pytest.mark.long), 18]

ROLES = """
    CREATE ROLE makers; CREATE ROLE keepers; CREATE ROLE readers;
    CREATE ROLE heirless LOGIN NOINHERIT CREATEDB PASSWORD 'pw' IN ROLE makers, keepers;
"""
OF_GROUPS = """
    GRANT CREATE ON SCHEMA public TO makers;
    SET ROLE makers;
    CREATE TABLE numbered (n serial PRIMARY KEY, t text); CREATE INDEX ON numbered (t);
    INSERT INTO numbered (t) VALUES ('x'); GRANT SELECT ON numbered TO readers;
    RESET ROLE; CREATE SCHEMA kept AUTHORIZATION keepers; SET ROLE keepers;
    CREATE TABLE kept.rows AS SELECT 1 AS n; GRANT USAGE ON SCHEMA kept TO makers;
    GRANT SELECT ON kept.rows TO makers;
    SET ROLE makers; CREATE VIEW over AS SELECT n FROM kept.rows;
    CREATE MATERIALIZED VIEW filled AS SELECT n FROM over; RESET ROLE;
"""
OWNERS = """
    SELECT c.relname::text, c.relowner::regrole::text FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'kept')
    UNION SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname = 'kept'
"""


@pytest.mark.long
@pytest.mark.parametrize("major", MAJORS)
def test_what_belongs_to_its_groups_is_theirs_in_the_end(
    major: int, source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    target = source(major, ROLES)
    made, admin = source(major, OF_GROUPS), replace(target, name="postgres")
    admin.run(f'ALTER DATABASE "{target.name}" OWNER TO heirless')
    backup, engine = dumper.dump(job(), made.database()), postgresql(tools)
    assert backup is not None
    anew = replace(target, name=f"{target.name} anew")
    try:
        came = (
            restore_as_new(dumper.vault, backup, anew.as_role("heirless", "pw"), engine),
            restore(dumper.vault, backup, target.as_role("heirless", "pw"), engine),
        )
        for each in (anew, target):
            assert sorted(each.rows(OWNERS)) == sorted(made.rows(OWNERS))
            assert each.rows("SELECT numbered.t, filled.n FROM numbered, filled") == [("x", 1)]
            may = "SELECT has_table_privilege('readers', 'numbered', 'SELECT')"
            assert each.rows(may) == [(True,)]
        tried = engine.try_restore(
            Dump(dumper.vault, backup), backup, anew.as_role("heirless", "pw")
        )
        assert (tried.tables, tried.rows, tried.uncounted) == (3, 3, 0)
        kinds = {left.kind for each in came for left in each.left_out}
        assert "owner of" not in kinds
        assert "rows of materialized view" not in kinds
    finally:
        for name in (anew.name, target.name, made.name):
            admin.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.run("DROP ROLE heirless, makers, keepers, readers")


def test_a_group_is_not_taken_where_the_login_itself_may_make_things(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made = source(18, "CREATE SCHEMA own; CREATE TABLE own.t AS SELECT 1 AS n")
    backup, target = dumper.dump(job(), made.database()), source(18, EMPTY)
    assert backup is not None
    admin = replace(target, name="postgres")
    admin.run(
        "CREATE ROLE powerless; CREATE ROLE becomes_it LOGIN NOINHERIT PASSWORD 'pw'"
        " IN ROLE powerless; ALTER ROLE becomes_it SET role TO powerless;"
    )
    admin.run(f'ALTER DATABASE "{target.name}" OWNER TO becomes_it')
    try:
        restore(dumper.vault, backup, target.as_role("becomes_it", "pw"), postgresql(tools))
        assert target.rows("SELECT n FROM own.t") == [(1,)]
    finally:
        admin.run(f'DROP DATABASE "{target.name}" WITH (FORCE)')
        admin.run("DROP ROLE becomes_it, powerless")
