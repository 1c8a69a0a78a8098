"""What only a superuser may make is left out where only the dump names it, else it stops."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump
from tests.support.anew import Anew
from tests.support.cloud_server import MASTER, Tenant, in_a_cloud
from tests.support.databases import job, query
from tests.support.engines import postgresql
from tests.support.restores import exists

LONG = pytest.mark.long

CUSTOMERS = "CREATE TABLE kept AS SELECT 1 AS n"

NAMED_ONLY = """
    CREATE OPERATOR FAMILY public.family USING btree;
    CREATE FUNCTION public.less(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
    CREATE OPERATOR CLASS public.class FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=,
        OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 public.less(int, int);
    CREATE FOREIGN DATA WRAPPER nowhere;
    CREATE TEXT SEARCH TEMPLATE public.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
    CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TABLE public.piled (n int) USING pile;
    INSERT INTO public.piled VALUES (1), (2);
    ALTER FUNCTION public.less(int, int) DEPENDS ON EXTENSION pg_stat_statements;
    CREATE FUNCTION public.same(text) RETURNS text LANGUAGE sql IMMUTABLE LEAKPROOF
        SUPPORT pg_catalog.textlike_support AS 'SELECT $1';
"""

CALLED = """
    CREATE FUNCTION public.quiet() RETURNS int LANGUAGE sql SET log_statement = 'none'
        AS 'SELECT 1';
    CREATE FUNCTION public.plus(int, int) RETURNS int LANGUAGE internal IMMUTABLE STRICT
        AS 'int4pl';
    CREATE AGGREGATE public.mean(int8) (SFUNC = int8_avg_accum, STYPE = internal,
        FINALFUNC = numeric_poly_avg);
    CREATE CAST (varchar AS json) WITH INOUT AS IMPLICIT;
"""


@pytest.fixture
def backed_up(source: Callable[..., Tenant], dumper: Dumper) -> Callable[[str], Tenant]:
    """Make a database with what the provider has put there, too."""

    def make(sql: str) -> Tenant:
        made = source(18, CUSTOMERS)
        query(made.server.dsn(made.name), sql)
        return made

    return make


@in_a_cloud("source", MASTER)
def test_what_only_other_statements_name_is_left_out_and_every_row_is_there(
    backed_up: Callable[[str], Tenant], anew: Anew
) -> None:
    made = backed_up(NAMED_ONLY)
    target = made.beside(f"{made.name} lesser")
    result = anew(made, target.dsn)
    left = {f"{each.kind} {each.name}" for each in result.left_out}
    assert left >= {
        "operator family public.family",
        "operator class public.class",
        "foreign data wrapper nowhere",
        "text search template public.template",
        "access method pile",
        "storage pile",
        "extension of FUNCTION public.less(integer, integer)",
    }
    # Who owns what is not there is not worth a line.
    assert not any("OWNER" in each or "public.class USING" in each for each in left)
    assert "function public.same is made without LEAKPROOF and SUPPORT" in " ".join(result.warnings)
    assert target.rows("SELECT n FROM piled ORDER BY 1") == [(1,), (2,)]
    assert target.rows("SELECT same('x')") == [("x",)]
    with pytest.raises(RestoreFailed, match="the restore stopped at line"):
        anew(made, made.beside("strict").dsn, RestoreOptions(strict=True))
    target.beside("defaultdb").run(f'DROP DATABASE "{target.name}"')


@in_a_cloud("source", MASTER)
@pytest.mark.parametrize(
    ("sql", "fact", "way"),
    [
        (CALLED.split(";")[0], r"function public\.quiet: permission denied", "GRANT SET ON PARAM"),
        pytest.param(CALLED.split(";")[1], r"function public\.plus: perm", "language", marks=LONG),
        pytest.param(CALLED.split(";")[2], r"public\.mean: .* \(42P13\)", "superuser", marks=LONG),
        (CALLED.split(";")[3], r"cast character varying AS json: must", "one of the two types"),
    ],
    ids=["setting", "language", "aggregate", "cast"],
)
def test_what_code_may_call_stops_and_the_way_on_is_told(
    sql: str, fact: str, way: str, backed_up: Callable[[str], Tenant], anew: Anew
) -> None:
    made = backed_up(sql)
    target = made.beside(f"{made.name} stopped")
    with pytest.raises(RestoreFailed, match=fact) as failed:
        anew(made, target.dsn)
    assert way in failed.value.hint
    assert "it holds no row" in failed.value.hint
    assert "--best-effort" in failed.value.hint
    assert not failed.value.against_backup
    assert not exists(made.server, target.name)


@in_a_cloud("source", MASTER)
@pytest.mark.parametrize("on", [False, pytest.param(True, marks=LONG)], ids=["here", "there"])
def test_a_trial_does_without_what_code_may_call_and_names_it(
    on: bool, backed_up: Callable[[str], Tenant], dumper: Dumper, tools: ClientTools
) -> None:
    made = backed_up(CALLED)
    dump = Dump(dumper.vault, backup(dumper, made))
    tried = postgresql(tools).try_restore(dump, dump.manifest, made.dsn if on else "")
    assert (tried.tables, tried.rows) == (1, 1)
    for what in ("function public.quiet", "function public.plus", "aggregate public.mean", "cast "):
        assert any(f"left out: {what}" in each for each in tried.remarks), what


@in_a_cloud("source", MASTER)
def test_where_something_fails_for_want_of_a_cast_the_backup_is_not_at_fault(
    backed_up: Callable[[str], Tenant], dumper: Dumper, tools: ClientTools
) -> None:
    made = backed_up(f"{CALLED}; CREATE TABLE public.v (j json DEFAULT '1'::varchar)")
    dump = Dump(dumper.vault, backup(dumper, made))
    with pytest.raises(RestoreFailed, match=r" public\.v") as failed:
        postgresql(tools).try_restore(dump, dump.manifest, "")
    assert "the backup itself is not at fault" in failed.value.hint
    assert not failed.value.against_backup


@in_a_cloud("source", MASTER)
def test_a_label_before_the_extensions_keeps_a_trial_from_none(
    backed_up: Callable[[str], Tenant], dumper: Dumper, tools: ClientTools
) -> None:
    """The provider's label is in the dump before any extension; only a superuser makes this one."""
    made = backed_up("CREATE VIEW public.v AS SELECT query FROM public.pg_stat_statements")
    dump = Dump(dumper.vault, backup(dumper, made))
    tried = postgresql(tools).try_restore(dump, dump.manifest, "")
    assert not any("extension" in each for each in tried.remarks)


def backup(dumper: Dumper, made: Tenant) -> Manifest:
    """Back it up as the provider, who may read all of it."""
    stored = dumper.dump(job(), made.database())
    assert stored is not None
    return stored
