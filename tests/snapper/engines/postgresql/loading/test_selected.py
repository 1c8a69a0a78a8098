"""What cannot be where a table is made alone is left out, with what else is said of it."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import PLAINLY, RestoreOptions, Wanted
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.tables import DumpTables
from snapper.errors import RestoreFailed
from tests.support.databases import Source
from tests.support.manifests import manifest
from tests.support.restores import EMPTY, plain_dump

TABLES = DumpTables()
MADE = """
CREATE TABLE elsewhere (n int PRIMARY KEY);
CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE ruled (n int);
CREATE RULE kept AS ON DELETE TO ruled DO ALSO INSERT INTO elsewhere SELECT old.n;
ALTER TABLE ruled DISABLE RULE kept;
COMMENT ON RULE kept ON ruled IS 'is left out with it';
CREATE TABLE whole (n int) PARTITION BY LIST (n);
CREATE TABLE part PARTITION OF whole DEFAULT;
CREATE TRIGGER first BEFORE INSERT ON whole FOR EACH ROW EXECUTE FUNCTION act();
ALTER TABLE part DISABLE TRIGGER first;
CREATE TABLE guarded (n int);
CREATE CONSTRAINT TRIGGER guard AFTER INSERT ON guarded FROM elsewhere FOR EACH ROW
    EXECUTE FUNCTION act();
ALTER TABLE guarded ENABLE ALWAYS TRIGGER guard;
COMMENT ON TRIGGER guard ON guarded IS 'is left out with it';
INSERT INTO ruled VALUES (1); INSERT INTO whole VALUES (1); INSERT INTO guarded VALUES (1);
"""
LEFT_OUT = [
    ("guarded", "trigger guard on public.guarded"),
    ("part", "property of table public.part"),
    ("ruled", "rule kept on public.ruled"),
]


@pytest.mark.parametrize(("table", "left_out"), LEFT_OUT)
def test_a_table_comes_back_without_what_is_about_another_one_that_is_not_there(
    table: str, left_out: str, source: Callable[..., Source], tools: ClientTools
) -> None:
    dump = plain_dump(tools, 18, source(18, MADE).dsn)
    alone, by_psql = source(18, EMPTY), source(18, EMPTY)
    some = TABLES.choose([dump], Wanted((table,)))
    with pytest.raises(RestoreFailed):
        TABLES.restore([dump], manifest(), alone.dsn, some, RestoreOptions(strict=True))
    came = TABLES.restore([dump], manifest(), alone.dsn, some, PLAINLY)
    assert [f"{each.kind} {each.name}" for each in came.left_out] == [left_out]
    assert alone.rows(f"SELECT n FROM {table}") == [(1,)]
    script = b"".join(TABLES.as_sql([dump], TABLES.choose([dump], Wanted((table,), rows=False))))
    by_psql.run(script.decode())
    assert by_psql.rows(f"SELECT n FROM {table}") == []


def test_with_all_that_they_are_about_they_are_as_they_were(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    dump = plain_dump(tools, 18, source(18, MADE).dsn)
    target = source(18, EMPTY)
    some = TABLES.choose([dump], Wanted(schemas=("public",)))
    came = TABLES.restore([dump], manifest(), target.dsn, some, PLAINLY)
    assert not came.left_out
    assert plain_dump(tools, 18, target.dsn) == dump
