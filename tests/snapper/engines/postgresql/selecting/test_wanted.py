"""Tables are found by the names that people write."""

import pytest

from snapper.engines.facts import Wanted
from snapper.engines.postgresql.selecting.definitions import Definitions
from snapper.engines.postgresql.selecting.plan import some_tables
from snapper.engines.postgresql.selecting.wanted import chosen
from snapper.errors import SettingsError

DUMP = (
    b"SET client_encoding = 'LATIN1';\n"
    b'CREATE TABLE "a"."items" (\n);\nCREATE TABLE "b"."items" (\n);\n'
    b'CREATE TABLE "b"."Big" (\n);\n'
    b'CREATE TABLE "b"."m\xfcller" (\n);\nCREATE VIEW "b"."seen" AS\n SELECT 1;\n'
)


def find(*tables: str, schemas: tuple[str, ...] = ()) -> list[bytes]:
    definitions = Definitions.read([DUMP])
    return [b".".join(path) for path in chosen(definitions, Wanted(tables, schemas))]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("a.items", b"a.items"),
        ("A.Items", b"a.items"),
        ("Big", b"b.Big"),
        ('"b"."Big"', b"b.Big"),
        ("müller", b"b.m\xfcller"),
    ],
)
def test_a_table_is_found_as_it_is_written_or_in_small_letters(typed: str, found: bytes) -> None:
    assert find(typed) == [found]


def test_tables_are_given_once_in_the_order_of_the_dump() -> None:
    assert find("b.Big", "a.items", "a.items", schemas=("a",)) == [b"a.items", b"b.Big"]
    assert len(find(schemas=("b",))) == 3


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("items", "may be a.items, b.items"),
        ("b.seen", "is a view"),
        ("b.bigg", "has no table"),
        ('"b"."big"', "has no table"),
        ("a.b.c", "is no name of a table"),
        ("", "'' is no name of a table"),
        ('"a', "is no name of a table"),
    ],
)
def test_what_is_no_table_or_more_than_one_is_refused(typed: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        find(typed)


def test_a_name_of_a_table_is_no_name_of_a_schema() -> None:
    with pytest.raises(SettingsError, match=r"b\.items is no name of a schema") as refused:
        find(schemas=("b.items",))
    assert refused.value.hint == "for this table: --table b.items"


def test_what_is_no_name_of_a_schema_is_told_as_one() -> None:
    with pytest.raises(SettingsError, match=r"a\.b\.c is no name of a schema") as refused:
        find(schemas=("a.b.c",))
    assert refused.value.hint == 'write schema, or "Any name of one" in quotes'


def test_a_dump_whose_names_stand_in_no_quotes_is_refused() -> None:
    definitions = Definitions.read([b"CREATE TABLE public.items (\n    id integer\n);\n"])
    with pytest.raises(SettingsError, match="without quotes"):
        chosen(definitions, Wanted(("items",)))


def test_a_name_that_is_close_is_asked_for() -> None:
    with pytest.raises(SettingsError) as refused:
        find("b.bigg")
    assert refused.value.hint == 'did you mean b."Big"?'
    with pytest.raises(SettingsError) as refused:
        find(schemas=("c",))
    assert refused.value.hint == "there are a, b"


A = b'CREATE TABLE "s"."a" (\n    "b" integer DEFAULT "s"."f"()\n);\n'
F = b'CREATE FUNCTION "s"."f"() RETURNS integer\n    LANGUAGE "sql"\n    AS $$%b$$;\n'
LONG = 1 << 20
QUOTES = b'"' + b'""' * 60 + b'"'


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(b'COMMENT ON TABLE "s"."a" IS \'%b\';\n' % (b"ALTER " * LONG), id="comment"),
        pytest.param(F % (b"SELECT 1 -- " + b"x" * LONG + b"\n"), id="word"),
        pytest.param(F % (b"SELECT 1 -- " + b'""' * LONG + b"\n"), id="quotes"),
        pytest.param(b"GRANT SELECT(%b),INSERT(%b) ON 1;\n" % (QUOTES, QUOTES), id="names"),
    ],
)
def test_what_a_hostile_owner_writes_is_searched_once(statement: bytes) -> None:
    """Searched anew from each of its bytes it would take hours."""
    made = some_tables([F % b"SELECT 1", A, statement], Wanted(("s.a",)))
    assert made.names == ("s.a",)
