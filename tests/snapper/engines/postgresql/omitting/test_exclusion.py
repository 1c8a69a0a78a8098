"""What options leave out is not in the dump, all else is; what that breaks is told."""

import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.values.options import Options
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.recording import RecordedEvents
from tests.support.restores import EMPTY

ODD = (
    """
    CREATE SCHEMA scratch; CREATE TABLE scratch.t AS SELECT 1 AS n;
    CREATE SCHEMA "a.b*"; CREATE TABLE "a.b*"."Gr.öße"""
    + '""'
    + """x" AS SELECT 'odd rows' AS v;
    CREATE TABLE "a.b*".stays AS SELECT 'stays here' AS v;
    CREATE TABLE sessions (id serial PRIMARY KEY, v text); CREATE TABLE "Sessions" AS SELECT 5 AS n;
    CREATE TABLE events (at date, v text) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO events VALUES ('2026-05-05', 'an event');
    INSERT INTO sessions (v) VALUES ('a session');
"""
)
LEFT_OUT = Options(
    exclude_schemas=("scratch",),
    exclude_tables=('"a.b*"."Gr.öße""x"', "public.sessions"),
    exclude_table_data=("public.events",),
)


def dumped(dumper: Dumper, source: Source, options: Options) -> tuple[str, Recorded]:
    manifest = dumper.dump(job(), replace(source.database(), options=options))
    assert manifest is not None
    with dumper.vault.open(manifest.dump_key) as body:
        return gzip.decompress(body.read()).decode("utf-8", "replace"), Recorded.of(manifest)


@pytest.mark.parametrize("major", [14, 18])
def test_what_is_left_out_is_exactly_what_was_named(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents, major: int
) -> None:
    text, recorded = dumped(dumper, source(major, ODD), LEFT_OUT)
    for gone in ("scratch", "Gr.öße", "a session", 'TABLE "public"."sessions"', "an event"):
        assert gone not in text
    for kept in ("stays here", '"Sessions"', 'TABLE "public"."events"', "ATTACH PARTITION"):
        assert kept in text
    omitted = {each.kind: each.objects for each in recorded.omitted or ()}
    assert omitted["excluded_schemas"] == ("scratch",)
    assert omitted["excluded_tables"] == ('"a.b*"."Gr.öße""x"', "public.sessions")
    assert omitted["excluded_rows"] == ("public.events", "public.events_1")
    assert "dump.warned" not in events.names(), "what the operator chose is no news"


@pytest.mark.parametrize("major", [14, 18])
def test_what_is_not_left_out_can_be_restored(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools, major: int
) -> None:
    """Also where a sequence of a table that is gone stays behind."""
    made, target = source(major, ODD), source(major, EMPTY)
    manifest = dumper.dump(job(), replace(made.database(), options=LEFT_OUT))
    assert manifest is not None
    restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows('SELECT n FROM "Sessions"') == [(5,)]
    assert target.rows("SELECT count(*) FROM events") == [(0,)]
    assert target.rows("SELECT to_regclass('sessions'), to_regclass('scratch.t')") == [(None, None)]


def test_names_are_told_to_pg_dump_in_the_encoding_of_the_database(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    there = source(17)
    made = there.beside(f"{there.name} in latin1")
    there.run(f'CREATE DATABASE "{made.name}" ENCODING LATIN1 LOCALE "C" TEMPLATE template0')
    try:
        made.run("CREATE TABLE größe AS SELECT 'odd rows' AS v; CREATE TABLE t AS SELECT 'kept' v")
        options = Options(exclude_tables=("public.größe", "public.漢"), exclude_schemas=("字",))
        text, _ = dumped(dumper, made, options)
    finally:
        there.run(f'DROP DATABASE "{made.name}" WITH (FORCE)')
    assert "odd rows" not in text
    assert "kept" in text


def test_what_the_exclusion_breaks_or_misses_is_warned_of(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    made = source(
        17,
        """
        CREATE TABLE customers (id int PRIMARY KEY);
        CREATE TABLE orders (customer int REFERENCES customers);
        CREATE TABLE kinds (id int PRIMARY KEY); CREATE TABLE things (kind int REFERENCES kinds);
        CREATE VIEW seen AS SELECT * FROM customers;
        """,
    )
    options = Options(
        exclude_schemas=("nowhere", "pg_catalog"),
        exclude_tables=("public.customers", "public.Orders"),
        exclude_table_data=("public.kinds",),
    )
    dumped(dumper, made, options)
    told = [fields["reason"] for name, fields in events.reported if name == "dump.warned"]
    assert told == [
        "the options leave out what is not there: nowhere, pg_catalog, public.Orders",
        "a restore would stop, for the options leave out what others need: the constraint "
        "orders_customer_fkey of public.orders, the constraint things_kind_fkey of public.things, "
        "the view public.seen",
    ]


@pytest.mark.parametrize("major", [14, 18])
def test_what_is_built_on_what_is_left_out_is_named_whatever_it_is(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents, major: int
) -> None:
    made = source(
        major,
        """
        CREATE SCHEMA lib; CREATE FUNCTION lib.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE a (id serial PRIMARY KEY, n int DEFAULT lib.f(1)); CREATE TABLE t (id int);
        CREATE TABLE b (row a, n int DEFAULT lib.f(1)); CREATE VIEW v AS SELECT lib.f(2);
        CREATE FUNCTION g(a) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE RULE r AS ON INSERT TO t DO ALSO INSERT INTO a DEFAULT VALUES;
        """,
    )
    options = Options(exclude_schemas=("lib",), exclude_tables=("public.a",))
    dumped(dumper, made, options)
    told = [fields["reason"] for name, fields in events.reported if name == "dump.warned"]
    assert told == [
        "a restore would stop, for the options leave out what others need: "
        "the column row of table public.b, the default value for column n of table public.b, "
        "the function public.g(public.a), the rule r on table public.t, the view public.v"
    ]


def test_without_such_options_nothing_more_is_asked_or_recorded(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    _, recorded = dumped(dumper, source(18, ODD), Options(timeout=600))
    assert recorded.omitted == ()
