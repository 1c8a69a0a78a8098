"""The definitions in a real dump, by object, in whatever order and pieces they come."""

from collections.abc import Callable, Sequence

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.reading import definitions as module
from snapper.engines.postgresql.reading.definitions import definitions
from snapper.values.difference import Change, Definition, changed_definitions
from tests.support.databases import Source
from tests.support.few import few
from tests.support.restores import plain_dump

CHANGED, GONE, NEW = Change.CHANGED, Change.GONE, Change.NEW

SHOP = """
CREATE TABLE items (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'none; yet');
CREATE TABLE sales (item int REFERENCES items, at timestamptz);
CREATE INDEX by_name ON items (name);
COMMENT ON TABLE items IS E'two\\nlines -- and no comment';
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; -- CREATE TABLE none $$;
CREATE VIEW v AS SELECT name FROM items;
INSERT INTO items (name) VALUES ('CREATE TABLE x ();');
SELECT lo_from_bytea(77, 'large');
COMMENT ON LARGE OBJECT 77 IS 'large';
GRANT SELECT ON LARGE OBJECT 77 TO PUBLIC;
GRANT SELECT ON items TO PUBLIC;
"""


def read(dump: bytes, size: int = 1 << 20, encoding: str = "UTF8") -> list[Definition]:
    return list(definitions((dump[n : n + size] for n in range(0, len(dump), size)), encoding))


def named(found: Sequence[Definition], kind: str) -> dict[str, str]:
    return {each.name: each.text for each in found if each.kind == kind}


@pytest.mark.parametrize("major", [14, 18])
def test_each_object_of_a_dump_is_defined_and_no_data_is(
    major: int, source: Callable[..., Source], tools: ClientTools
) -> None:
    found = read(plain_dump(tools, major, source(major, SHOP).dsn))
    tables = named(found, "TABLE")
    assert tables.keys() == {"public.items", "public.sales"}
    assert 'CREATE TABLE "public"."items"' in tables["public.items"]
    assert 'ALTER TABLE "public"."items" OWNER TO' in tables["public.items"]
    assert named(found, "INDEX").keys() == {"public.by_name"}
    assert named(found, "FUNCTION").keys() == {"public.f()"}
    assert "no comment" in named(found, "COMMENT")['TABLE public."items"']
    assert named(found, "FK CONSTRAINT").keys() == {"public.sales sales_item_fkey"}
    assert {"SEQUENCE", "DEFAULT", "CONSTRAINT", "VIEW", "ACL"} <= {each.kind for each in found}
    text = "\n".join(each.text for each in found)
    for data in ("setval", "lo_", "LARGE OBJECT", "CREATE TABLE x", "COPY", "\\nSET ", "restrict"):
        assert data not in text


def test_the_same_database_made_in_another_order_has_the_same_definitions(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source(18, SHOP)
    before = read(plain_dump(tools, 18, made.dsn))
    made.run("DROP VIEW v; DROP TABLE sales, items; DROP FUNCTION f(); SELECT lo_unlink(77)")
    made.run("CREATE TABLE sales (item int, at timestamptz)")
    made.run(SHOP.replace("CREATE TABLE sales (item int REFERENCES items, at timestamptz);", ""))
    made.run(
        "ALTER TABLE sales ADD FOREIGN KEY (item) REFERENCES items; SELECT nextval('items_id_seq')"
    )
    after = read(plain_dump(tools, 18, made.dsn))
    assert changed_definitions(before, after) == ()


@pytest.mark.parametrize(
    ("sql", "expected"),
    few([
        ("ALTER TABLE items ADD price numeric", ("TABLE", "public.items", CHANGED)),
        ("DROP INDEX by_name", ("INDEX", "public.by_name", GONE)),
        ("CREATE TYPE t AS ENUM ('a')", ("TYPE", "public.t", NEW)),
        ("ALTER FUNCTION f() COST 7", ("FUNCTION", "public.f()", CHANGED)),
        ("REVOKE SELECT ON items FROM PUBLIC", ("ACL", 'TABLE public."items"', GONE)),
        ("ALTER TABLE sales ENABLE ROW LEVEL SECURITY", ("ROW SECURITY", "public.sales", NEW)),
        ("COMMENT ON VIEW v IS 'x'", ("COMMENT", 'VIEW public."v"', NEW)),
        ("ALTER TABLE items ALTER name DROP NOT NULL", ("TABLE", "public.items", CHANGED)),
        ("ALTER TABLE items ALTER id SET STATISTICS 7", ("TABLE", "public.items", CHANGED)),
    ], 4),
)  # fmt: skip
def test_one_change_is_one_change(
    sql: str, expected: tuple[str, str, Change], source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source(18, SHOP)
    before = read(plain_dump(tools, 18, made.dsn))
    made.run(sql)
    (found,) = changed_definitions(before, read(plain_dump(tools, 18, made.dsn)))
    assert (found.kind, found.name, found.change) == expected


def test_where_a_table_is_stored_belongs_to_it(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source(18, "CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler")
    made.run("CREATE TABLE a (n int) USING other; CREATE TABLE b (n int); CREATE TABLE c (n int)")
    found = named(read(plain_dump(tools, 18, made.dsn)), "TABLE")
    assert found["public.a"].startswith('SET default_table_access_method = "other"')
    assert "SET" not in found["public.b"] + found["public.c"]


def test_pieces_do_not_matter(source: Callable[..., Source], tools: ClientTools) -> None:
    dump = plain_dump(tools, 18, source(18, SHOP).dsn)
    assert read(dump, 7) == read(dump)


def test_what_may_be_a_password_is_not_shown(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source(
        18,
        "CREATE FOREIGN DATA WRAPPER w;"
        "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (key 'hush');"
        "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'it''s hush', b 'hush');"
        "CREATE SUBSCRIPTION far CONNECTION 'host=h password=hush' PUBLICATION p"
        " WITH (connect = false)",
    )
    try:
        found = read(plain_dump(tools, 18, made.dsn))
    finally:
        made.run("ALTER SUBSCRIPTION far SET (slot_name = NONE); DROP SUBSCRIPTION far")
    assert sum("hush" in each.text for each in found) == 3
    assert not any("hush" in each.shown for each in found)
    assert list(named(found, "USER MAPPING")) == ["public SERVER s"]


@pytest.mark.parametrize("name", ["it's", """it's ""mine"" 'now'""", "plain"])
def test_no_name_shows_what_may_be_a_password(
    name: str, source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source(
        18,
        "CREATE FOREIGN DATA WRAPPER w;"
        f"CREATE SERVER \"{name}\" FOREIGN DATA WRAPPER w OPTIONS (key 'hush', \"k'\" 'hush');"
        f"CREATE USER MAPPING FOR PUBLIC SERVER \"{name}\" OPTIONS (password 'hush');",
    )
    found = read(plain_dump(tools, 18, made.dsn))
    shown = [each.shown for each in found if "hush" in each.text]
    assert len(shown) == 2
    assert not any("hush" in each for each in shown)
    assert all(name in each for each in shown)


def test_a_long_secret_is_not_shown_where_the_text_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 60)
    (found,) = read(
        b"\n-- Name: s; Type: SERVER; Schema: -; Owner: me\n--\n\n"
        b"CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (key 'hush hush hush hush hush');\n"
    )
    assert "hush" in found.text
    assert "hush" not in found.shown


def test_a_definition_of_great_length_is_compared_whole_and_kept_in_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LONGEST", 100)
    dump = (
        b"\n-- Name: f(); Type: FUNCTION; Schema: public; Owner: me\n--\n\n"
        b"CREATE FUNCTION f() RETURNS text AS $$%b%d$$;\n"
    )
    one, other = (read(dump % (b"x" * 20_000_000, number)) for number in (1, 2))
    assert len(one[0].text) < 300
    assert "20,000,043 bytes in all" in one[0].text
    assert len(changed_definitions(one, other)) == 1


def test_a_name_in_the_databases_encoding_is_read() -> None:
    dump = (
        b"\n-- Name: m\xfcller; Type: TABLE; Schema: public; Owner: me\n--\n\nCREATE TABLE t ();\n"
    )
    assert [each.name for each in read(dump, encoding="LATIN1")] == ["public.m\xfcller"]
    assert [each.name for each in read(dump, encoding="SQL_ASCII")] == [r"public.m\xfcller"]


def test_what_looks_like_an_entry_within_a_long_body_is_none() -> None:
    entry = b"\n-- Name: f(); Type: FUNCTION; Schema: public; Owner: me\n--\n\n"
    evil = b"\n" * (18 << 20) + b"-- Name: evil; Type: TABLE; Schema: public; Owner: me\n\nx"
    found = read(entry + b"CREATE FUNCTION f() RETURNS text AS $$%b$$;\n" % evil)
    assert [each.name for each in found] == ["public.f()"]


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("s", "t; Type: VIEW; Schema: x; Owner: y"),
        ("s; Owner: y", "t"),
        ("s", "f(t; Type: A; Schema: b)"),
    ],
)
def test_a_name_that_holds_the_words_around_it_is_whole(schema: str, name: str) -> None:
    title = f"-- Name: {name}; Type: TABLE; Schema: {schema}; Owner: o\n"
    (found,) = read(f'{title}CREATE TABLE "t" ();\n'.encode())
    assert (found.kind, found.name) == ("TABLE", f"{schema}.{name}")


def test_a_forged_title_is_searched_once() -> None:
    """In every way in which it could be read it would be hours."""
    title = b"-- Name: " + b"; Type: A; Schema: " * (1 << 19)
    assert read(title + b'\nCREATE TABLE "t" ();\n') == []
