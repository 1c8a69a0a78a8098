"""An extension that a trial's server has not goes with what is built upon it, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.loading import lacks
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.proof import Lacking
from snapper.values.verification import Restored
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump
from tests.support.databases import Source, job
from tests.support.engines import engines
from tests.support.few import few
from tests.support.recording import RecordedEvents

PLAIN = """
    CREATE SCHEMA app;
    CREATE TABLE app.orders (id int PRIMARY KEY, n int);
    INSERT INTO app.orders SELECT n, n FROM generate_series(1, 5) AS n;
    CREATE TABLE public.items AS SELECT 1 AS id;
    CREATE FUNCTION app.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
    CREATE VIEW app.all_orders AS SELECT * FROM app.orders;
"""
# One thing of each kind that can be built upon an extension, and what is built upon those.
BUILT = """
    CREATE EXTENSION lands;
    CREATE TABLE app.places (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at public.shape);
    INSERT INTO app.places (at) SELECT (n, 2)::public.shape FROM generate_series(1, 3) AS n;
    CREATE INDEX places_by_area ON app.places (public.area(at));
    CREATE TABLE "Flat" (n int CHECK (is_flat(n))); INSERT INTO "Flat" VALUES (1), (2);
    CREATE DOMAIN app.spot AS public.shape;
    CREATE TABLE app.spots (id serial, at app.spot, "order" int REFERENCES app.orders);
    INSERT INTO app.spots (at) VALUES ((1, 1));
    COMMENT ON TABLE app.spots IS 'small'; GRANT SELECT ON app.spots TO PUBLIC;
    ALTER TABLE app.places CLUSTER ON places_by_area;
    CREATE TABLE app.visits (place int REFERENCES app.places, at timestamptz);
    INSERT INTO app.visits VALUES (1, now());
    CREATE VIEW app.areas AS SELECT id, public.area(at) FROM app.places;
    CREATE VIEW app.large AS SELECT * FROM app.areas WHERE area > 3;
    CREATE MATERIALIZED VIEW app.kept AS SELECT * FROM app.large;
    CREATE UNIQUE INDEX ON app.kept (id);
    CREATE FUNCTION app.largest() RETURNS app.spot LANGUAGE sql AS 'SELECT at FROM app.spots';
    CREATE FUNCTION app.said() RETURNS int LANGUAGE landish AS 'BEGIN RETURN 1; END';
    CREATE VIEW app.near AS SELECT * FROM app.orders WHERE id OPERATOR(public.<~>) 3;
    CREATE INDEX by_height ON app.orders (n public.height_ops);
    CREATE INDEX by_mark ON app.orders USING landmark (n);
    ALTER TABLE app.orders CLUSTER ON by_height;
    CREATE TRIGGER touched BEFORE UPDATE ON app.orders EXECUTE FUNCTION touched();
    ALTER TABLE app.orders DISABLE TRIGGER touched;
    ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY flat ON app.orders USING (is_flat(n));
    CREATE SERVER atlas FOREIGN DATA WRAPPER maps;
    CREATE FOREIGN TABLE app.atlas (n int) SERVER atlas;
    CREATE USER MAPPING FOR CURRENT_USER SERVER atlas;
    CREATE TABLE app.points (at survey.point); INSERT INTO app.points VALUES (ROW(1));
    CREATE TABLE app.parts (n int, at public.shape) PARTITION BY LIST (n);
    CREATE TABLE app.part PARTITION OF app.parts DEFAULT;
    INSERT INTO app.parts VALUES (1, (1, 1));
    INSERT INTO known_lands VALUES (7); INSERT INTO survey.points VALUES (8);
"""
TABLES = {"app.part", "app.parts", "app.places", "app.points", "app.spots", "public.Flat"}
BackUp = Callable[..., Manifest]


@pytest.fixture
def backed_up(extended: Source, vault: Vault, tools: ClientTools) -> Iterator[BackUp]:
    """Give the backup of a database with such SQL, on a server that has the extension."""
    made = extended.create("of lands")

    def make(sql: str, **options: tuple[str, ...]) -> Manifest:
        made.run(sql)
        database = replace(made.database(), options=Options(**options))  # type: ignore[arg-type]
        manifest = Dumper(vault, RecordedEvents(), engines(tools)).dump(job(), database)
        assert manifest is not None
        return manifest

    yield make
    extended.run(f'DROP DATABASE "{made.name}" WITH (FORCE)')


@pytest.fixture
def tried(
    vault: Vault, tools: ClientTools, server: Callable[[int], PostgresServer]
) -> Callable[..., Restored]:
    """Try a backup on the server of these tests, which is up, or on one of the trial's own."""

    def go(manifest: Manifest, *, here: bool = False) -> Restored:
        on = "" if here else server(18).dsn()
        return try_restore(Dump(vault, manifest), manifest, tools, on)

    return go


def lacking(found: Restored) -> Lacking:
    assert found.proof is not None
    assert found.proof.lacking is not None
    return found.proof.lacking


@pytest.mark.parametrize("here", few([False, True]), ids=["on a server of one's own", "here"])
def test_what_is_built_upon_it_is_left_out_and_all_else_is_restored(
    here: bool, backed_up: BackUp, tried: Callable[..., Restored]
) -> None:
    manifest = backed_up(PLAIN + BUILT)
    found = tried(manifest, here=here)
    lack = lacking(found)
    assert lack.extensions == ("lands",)
    assert set(lack.tables) == TABLES
    assert lack.left_out == {
        "table": 6,
        "view": 3,
        "materialized view": 1,
        "domain": 1,
        "function": 2,
        "index": 2,
        "trigger": 1,
        "policy": 1,
        "server": 1,
        "foreign table": 1,
        "user mapping": 1,
        "constraint": 1,
    }
    # What the tables of the dump hold that are restored: five orders, one item, one visit.
    assert (found.tables, found.rows) == (3, 7)
    assert found.remarks[0].startswith("restored but for lands: 6 tables, 3 views, ")


def test_one_that_nothing_is_built_upon_is_named_all_the_same(
    backed_up: BackUp, tried: Callable[..., Restored]
) -> None:
    found = tried(backed_up(f"{PLAIN} CREATE EXTENSION lands"))
    assert lacking(found) == Lacking(("lands",))
    assert found.remarks[0] == "restored but for lands"
    assert (found.tables, found.rows) == (2, 6)


@pytest.mark.parametrize(
    ("sql", "options", "why"),
    few(
        [
            pytest.param(
                "CREATE VIEW app.items AS SELECT * FROM public.items",
                {"exclude_tables": ("public.items",)},
                'relation "public.items" does not exist',
                id="excluded table",
            ),
            pytest.param(
                "CREATE SCHEMA other; CREATE TYPE other.t AS (n int);"
                "CREATE TABLE app.t (t other.t)",
                {"exclude_schemas": ("other",)},
                'schema "other" does not exist',
                id="excluded schema",
            ),
            pytest.param(
                "CREATE FUNCTION app.odd(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
                "CREATE TABLE app.t (n int CHECK (app.odd(n))); INSERT INTO app.t VALUES (1);"
                "CREATE OR REPLACE FUNCTION app.odd(int) RETURNS boolean LANGUAGE plpgsql AS"
                " 'BEGIN RAISE undefined_object; END'",
                {},
                "rows app.t: undefined object",
                id="raised by a function",
            ),
        ]
    ),
)
def test_what_is_missing_for_another_reason_is_a_failure_as_ever(
    sql: str,
    options: dict[str, tuple[str, ...]],
    why: str,
    backed_up: BackUp,
    tried: Callable[..., Restored],
) -> None:
    manifest = backed_up(f"{PLAIN} CREATE EXTENSION lands; {sql}", **options)
    with pytest.raises(RestoreFailed, match=why) as failed:
        tried(manifest)
    assert failed.value.against_backup


def test_rows_are_never_left_out_of_a_table_that_is_there(
    backed_up: BackUp, tried: Callable[..., Restored]
) -> None:
    """A function of its own calls what is not here, which is not the backup's fault either."""
    manifest = backed_up(
        f"{PLAIN} CREATE EXTENSION lands; CREATE FUNCTION app.flat(int) RETURNS boolean"
        " LANGUAGE plpgsql AS 'BEGIN RETURN public.is_flat($1); END';"
        "CREATE TABLE app.t (n int CHECK (app.flat(n))); INSERT INTO app.t VALUES (1)"
    )
    with pytest.raises(RestoreFailed, match=r"rows app\.t: function public\.is_flat") as failed:
        tried(manifest)
    assert "this server does not have lands, which may be why" in failed.value.hint
    assert not failed.value.against_backup


def test_a_forged_dump_fills_no_memory_with_what_is_left_out(
    backed_up: BackUp, tried: Callable[..., Restored], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lacks, "_MOST", 9)
    with pytest.raises(RestoreFailed, match="more than 9 things") as failed:
        tried(backed_up(PLAIN + BUILT))
    assert not failed.value.against_backup
