"""What changes no data is left out where it is refused; best effort leaves out the rest too."""

from collections.abc import Callable
from dataclasses import replace

import psycopg2
import pytest

from snapper.engines.facts import Restoration, RestoreOptions
from snapper.errors import RestoreFailed
from tests.support.anew import OWNER, Anew, Owner, beside
from tests.support.databases import Source

MAJORS = [14, 18]


def named(restoration: Restoration) -> dict[str, str]:
    return {f"{each.kind} {each.name}": each.sqlstate for each in restoration.left_out}


NOT_AN_OWNERS = """
    CREATE EXTENSION citext;
    CREATE TABLE t AS SELECT 1 AS n;
    CREATE PUBLICATION everything FOR ALL TABLES;
    COMMENT ON PUBLICATION everything IS 'of all tables';
    CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION f();
    ALTER EVENT TRIGGER watch DISABLE;
    ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO PUBLIC;
"""


@pytest.mark.parametrize("major", MAJORS)
def test_what_only_a_superuser_may_do_is_left_out_and_named_once(
    major: int,
    source: Callable[..., Source],
    owner: Owner,
    anew: Anew,
) -> None:
    made = source(major, NOT_AN_OWNERS)
    target = beside(made, "anew")
    found = anew(made, owner(made, target.name))
    assert target.rows("SELECT n FROM t") == [(1,)]
    assert target.rows("SELECT count(*) FROM pg_event_trigger, pg_publication") == [(0,)]
    codes = named(found)
    assert codes["publication everything"] == "42501"
    assert codes["event trigger watch"] == "42501"
    assert codes["default privileges FOR ROLE postgres GRANT SELECT ON TABLES TO PUBLIC"] == "42501"
    assert not [name for name in codes if name.startswith("comment on PUBLICATION")]
    assert not any(each.rows for each in found.left_out)


def test_strict_stops_at_what_would_be_left_out(
    source: Callable[..., Source],
    owner: Owner,
    anew: Anew,
) -> None:
    made = source(17, "CREATE TABLE t (); CREATE PUBLICATION everything FOR ALL TABLES")
    target = owner(made, beside(made, "strict").name)
    with pytest.raises(RestoreFailed, match="publication everything: must be superuser") as failed:
        anew(made, target, RestoreOptions(strict=True, no_owner=True))
    assert "no row is lost without it" in failed.value.hint
    assert "--best-effort" in failed.value.hint


def test_owners_and_privileges_are_left_as_they_come_where_they_are_not_wanted(
    source: Callable[..., Source],
    owner: Owner,
    anew: Anew,
) -> None:
    made = source(
        17,
        "CREATE ROLE someone; CREATE TABLE t (); GRANT SELECT ON t TO someone;"
        "CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO someone",
    )
    target = beside(made, "unowned")
    wanted = RestoreOptions(no_owner=True, no_privileges=True, strict=True)
    found = anew(made, owner(made, target.name), wanted)
    assert found.left_out == ()
    rows = target.rows(
        "SELECT DISTINCT pg_get_userbyid(relowner), relacl IS NULL FROM pg_class"
        " WHERE relname IN ('t', 'theirs')"
    )
    assert rows == [(OWNER, True)]
    replace(made, name="postgres").run(f'DROP DATABASE "{made.name}" WITH (FORCE); ')
    replace(made, name="postgres").run("DROP ROLE someone")


BROKEN = """
    CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers VALUES (1);
    CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers);
    SET session_replication_role = replica;
    INSERT INTO orders VALUES (1, 1), (2, 4242);
    RESET session_replication_role;
    CREATE VIEW v AS SELECT id FROM orders;
    CREATE OR REPLACE VIEW v AS SELECT id FROM v;
"""


def test_by_best_effort_all_the_rest_is_had_under_a_name_that_says_it_is_not_whole(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(17, BROKEN)
    target = beside(made, "best")
    found = anew(made, target.dsn, RestoreOptions(best_effort=True))
    missing = {f"{each.kind} {each.name}": each for each in found.missing}
    assert set(missing) == {"view public.v", "constraint orders_customer_fkey on public.orders"}
    constraint = missing["constraint orders_customer_fkey on public.orders"]
    assert (constraint.sqlstate, constraint.rows) == ("23503", False)
    assert "NOT VALID" in constraint.reason
    assert found.kept_as.startswith(f"{target.name}-incomplete-")
    kept = replace(target, name=found.kept_as)
    assert kept.rows("SELECT count(*) FROM orders") == [(2,)]
    replace(target, name="postgres").run(found.accepting)
    assert target.rows("SELECT count(*) FROM orders") == [(2,)]


def test_by_best_effort_what_is_whole_has_its_name(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(17)
    target = beside(made, "whole")
    assert anew(made, target.dsn, RestoreOptions(best_effort=True)) == Restoration()
    assert target.rows("SELECT n FROM t") == [(1,)]


def test_rows_that_break_a_check_are_had_and_the_check_holds_for_new_ones(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(
        17,
        "CREATE FUNCTION fits(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE TABLE t (n int CONSTRAINT fit CHECK (fits(n)), m int CONSTRAINT low CHECK (m < 5));"
        "INSERT INTO t VALUES (1, 1), (2, 2);"
        "CREATE OR REPLACE FUNCTION fits(int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 < 2'",
    )
    target = beside(made, "broken check")
    found = anew(made, target.dsn, RestoreOptions(best_effort=True))
    (fit,) = found.missing
    assert (fit.name, fit.sqlstate, fit.rows) == ("fit on public.t", "23514", False)
    kept = replace(target, name=found.kept_as)
    assert kept.rows("SELECT count(*) FROM t") == [(2,)]
    with pytest.raises(psycopg2.errors.CheckViolation):
        kept.run("INSERT INTO t VALUES (3, 3)")


def test_a_grant_of_which_the_server_only_warns_is_named_too(
    source: Callable[..., Source], owner: Owner, anew: Anew
) -> None:
    grant = "GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO pg_monitor"
    made = source(17, f"CREATE TABLE t (); {grant}")
    target = beside(made, "warned")
    user = owner(made, target.name)
    replace(made, name="postgres").run(
        f"ALTER ROLE {OWNER} SET search_path TO nowhere; GRANT pg_read_all_data TO {OWNER}"
    )
    found = anew(made, user)
    assert "grant ALL ON FUNCTION pg_catalog.pg_ls_dir(text) TO pg_monitor" in named(found)
    with pytest.raises(RestoreFailed, match="pg_ls_dir"):
        anew(made, owner(made, f"{target.name} strict"), RestoreOptions(strict=True, no_owner=True))
