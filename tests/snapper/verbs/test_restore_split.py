"""A backup whose tables are loaded by several statements each is restored whole, in every way."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import PLAINLY, RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.restoring import restore
from snapper.values.manifest import Manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore_as_new
from tests.support.at_once import restore_at_once
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.few import few
from tests.support.restores import plain_dump
from tests.support.several import SPLIT, by_several, part_often

# No row of it is taken before the other table has its own.
NEEDS_OTHERS = """
    CREATE TABLE zz AS SELECT 1 AS n;
    CREATE FUNCTION there_is_one(int) RETURNS boolean LANGUAGE sql
        AS 'SELECT 1 / (SELECT count(*) FROM public.zz) > 0';
    CREATE TABLE early (n int CHECK (there_is_one(n)), noise text);
    INSERT INTO early SELECT n, md5(n::text) FROM generate_series(1, 20000) AS n;
"""


@pytest.fixture(autouse=True)
def _parted(monkeypatch: pytest.MonkeyPatch) -> None:
    part_often(monkeypatch)


def backed_up(dumper: Dumper, source: Source, table: str) -> Manifest:
    """Back it up by several programs; the table is in several pieces."""
    manifest = by_several(dumper).dump(job(), source.database())
    assert manifest is not None
    contents = read_contents(dumper.vault, manifest)
    assert contents
    assert len(next(each for each in contents.tables if each.table == table).ranges) > 2
    return manifest


@pytest.mark.parametrize(
    "way", [pytest.param(restore_as_new, marks=pytest.mark.long), restore_at_once]
)
@pytest.mark.parametrize(
    ("sql", "table"), few([(SPLIT, "parents"), (NEEDS_OTHERS, "early")]), ids=["plain", "early"]
)
def test_it_is_the_same_again(
    way: Callable[..., object],
    sql: str,
    table: str,
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(17, sql)
    manifest = backed_up(dumper, made, table)
    target = made.beside(f"{made.name} again")
    way(dumper.vault, manifest, target.dsn, postgresql(tools))
    # Rows that had to wait may stand behind those of a later piece, which came after the others.
    again, before = (plain_dump(tools, 17, each.dsn).split(b"\n") for each in (target, made))
    assert sorted(again) == sorted(before)


def test_all_of_a_table_is_missing_or_nothing_where_several_sessions_load_it(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made = source(17, NEEDS_OTHERS + "DELETE FROM zz")
    manifest = backed_up(dumper, made, "early")
    options = RestoreOptions(best_effort=True)
    came = restore_at_once(
        dumper.vault, manifest, made.beside("none").dsn, postgresql(tools), options=options
    )
    assert [(each.name, each.rows) for each in came.missing] == [("public.early", True)]
    assert made.beside(came.kept_as).rows("SELECT count(*) FROM early") == [(0,)]


def test_each_piece_that_comes_too_early_is_tried_again(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    """Two statements have the same words."""
    made = source(17, NEEDS_OTHERS + "DELETE FROM early WHERE n > 2")
    plain = plain_dump(tools, 17, made.dsn)
    copy = b'COPY "public"."early" ("n", "noise") FROM stdin;\n'
    assert plain.index(copy) < plain.index(b'COPY "public"."zz"')
    second = plain.index(b"\n2\t", plain.index(copy)) + 1
    parted = [plain[:second], b"\\.\n\n\n", copy, plain[second:]]
    target = made.beside("in two pieces")
    restore.restore_as_new(parted, Recorded("17.2", "UTF8", ()), target.dsn, PLAINLY)
    assert target.rows("SELECT n FROM early ORDER BY n") == [(1,), (2,)]
