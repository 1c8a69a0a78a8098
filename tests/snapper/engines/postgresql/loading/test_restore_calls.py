"""An extension that wants to be told of a restore is told, before it and after it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import RestoreFailed
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore
from tests.support import canary
from tests.support.anew import Anew, beside
from tests.support.databases import Source, job
from tests.support.engines import postgresql

EXTENSIONS = Path(canary.__file__).with_name("extensions")


@pytest.fixture(scope="module")
def told(run_dir: Path) -> Iterator[Source]:
    """Give a database with such an extension; only 18 finds one outside of its own folders."""
    path = {"extension_control_path": f"{EXTENSIONS}:$system"}
    with PostgresServer(18, run_dir / "told", settings=path, tcp=True) as server:
        admin = Source(server, "postgres")
        admin.run("CREATE DATABASE told")
        made = replace(admin, name="told")
        made.run("CREATE TABLE t AS SELECT 1 AS n; ALTER TABLE t ADD PRIMARY KEY (n)")
        made.run("CREATE EXTENSION told")
        yield made


def test_a_new_database_is_told_of_its_restore(told: Source, anew: Anew) -> None:
    target = beside(told, "anew")
    assert anew(told, target.dsn).warnings == ()
    assert target.rows("SELECT n FROM t") == [(1,)]
    assert target.rows("SHOW search_path") == [('"$user", public',)]
    assert target.rows("SELECT current_setting('told.restoring', true)") == [(None,)]
    replace(told, name="postgres").run(f'DROP DATABASE "{target.name}"')


def test_so_is_one_that_has_the_extension_already_also_where_the_restore_fails(
    told: Source, dumper: Dumper, tools: ClientTools
) -> None:
    backup = dumper.dump(job(), told.database())
    assert backup is not None
    target = beside(told, "prepared")
    replace(told, name="postgres").run(f'CREATE DATABASE "{target.name}"')
    target.run("CREATE EXTENSION told")
    restore(dumper.vault, backup, target.dsn, postgresql(tools))
    assert target.rows("SELECT n FROM t") == [(1,)]
    with pytest.raises(RestoreFailed, match="already exists"):
        restore(dumper.vault, backup, target.dsn, postgresql(tools))
    assert target.rows("SELECT current_setting('told.restoring', true)") == [(None,)]


def test_of_a_trigger_that_objects_all_the_same_the_way_out_is_told_and_no_hint_of_its_own(
    told: Source, dumper: Dumper, tools: ClientTools
) -> None:
    backup = dumper.dump(job(), told.database())
    assert backup is not None
    target = beside(told, "untold")
    replace(told, name="postgres").run(f'CREATE DATABASE "{target.name}"')
    target.run(
        "CREATE EXTENSION told; ALTER EXTENSION told DROP FUNCTION told_pre_restore();"
        "ALTER FUNCTION told_pre_restore() RENAME TO no_longer"
    )
    with pytest.raises(RestoreFailed, match="raise exception") as failed:
        restore(dumper.vault, backup, target.dsn, postgresql(tools))
    assert "the event trigger told_guard may object" in failed.value.hint
    assert "session_replication_role=replica" in failed.value.hint
    assert "SELECT told_pre_restore" not in failed.value.hint


def test_what_somebody_else_has_added_to_an_extension_of_theirs_is_not_called(
    told: Source, dumper: Dumper, tools: ClientTools
) -> None:
    backup = dumper.dump(job(), told.database())
    assert backup is not None
    target = beside(told, "trapped")
    replace(told, name="postgres").run(f'CREATE DATABASE "{target.name}"')
    target.run(
        "CREATE EXTENSION told; CREATE ROLE planter; GRANT CREATE ON SCHEMA public TO planter;"
        f'GRANT CREATE ON DATABASE "{target.name}" TO planter;'
        "SET ROLE planter; CREATE EXTENSION citext;"
        "CREATE FUNCTION my_pre_restore() RETURNS void LANGUAGE plpgsql"
        " AS $$BEGIN CREATE TABLE public.planted (n int); END$$;"
        "ALTER EXTENSION citext ADD FUNCTION my_pre_restore(); RESET ROLE"
    )
    restore(dumper.vault, backup, target.dsn, postgresql(tools))
    assert target.rows("SELECT to_regclass('public.planted')") == [(None,)]
