"""Names are found and replaced where they are names, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.postgresql.selecting.mentions import (
    by_path,
    mentions,
    path_of,
    renamed,
    sql_of,
    texts,
)

NAMES = st.lists(
    st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name), min_size=1
).map(tuple)
RENAME = by_path({(b"s", b"t"): (b"s", b"new")})


@given(NAMES)
def test_a_name_of_any_bytes_is_read_as_it_was_written(path: tuple[bytes, ...]) -> None:
    assert path_of(sql_of(path)) == path
    assert [each.path for each in mentions(b"DROP " + sql_of(path) + b";")] == [path]


@given(NAMES)
def test_a_name_within_a_text_is_found_and_replaced_too(path: tuple[bytes, ...]) -> None:
    path = (b"s", *path)
    text = sql_of(path[:2]).replace(b"'", b"''")
    there = b"SELECT setval('%b', 1);" % text
    assert [each.path for each in mentions(there)] == [path[:2]]
    found = renamed(there, by_path({path[:2]: (b"it's", b"b")}))
    assert found == b"""SELECT setval('"it''s"."b"', 1);"""


def test_nothing_is_replaced_in_other_texts_bodies_comments_or_longer_names() -> None:
    for untouched in (
        b"""SELECT 'see "s"."t"';""",
        b"""AS $$ SELECT 1 FROM "s"."t" $$;""",
        b"""AS $a$ $$ "s"."t" $a$;""",
        b"""-- "s"."t"\n;""",
        b"""ALTER "x"."s"."t";""",
        b"""ALTER "s"."t2";""",
        rb"""SELECT E'\'"s"."t"';""",
    ):
        assert renamed(untouched, RENAME) == untouched


def test_a_backslash_ends_no_text_where_it_escapes() -> None:
    sql = rb"""SELECT 'a\'', "s"."t", ';'"""
    assert renamed(sql, RENAME, escapes=True) == sql.replace(b'"t"', b'"new"')
    odd = rb"""nextval('"s"."a\\b"')"""
    assert [each.path for each in mentions(odd, escapes=True)] == [(b"s", b"a\\b")]
    new = renamed(odd, by_path({(b"s", b"a\\b"): (b"s", b"c\\d")}), escapes=True)
    assert new == rb"""nextval('"s"."c\\d"')"""


def test_what_is_called_is_told_from_what_is_not() -> None:
    found = list(mentions(b'"s"."f"("s"."t") "s".=== "s"."g" (1)'))
    assert [(each.path[-1], each.called) for each in found] == [
        (b"f", True),
        (b"t", False),
        (b"===", False),
        (b"g", False),
    ]


def test_texts_are_given_as_they_are_meant() -> None:
    assert list(texts(rb"""SELECT 'it''s', E'\\x', $a$ $$ '$a$""")) == [b"it's", b"\\x", b" $$ '"]


def test_a_dollar_within_a_word_begins_no_text() -> None:
    """Nor is what would end each of these searched to the end of a forged statement."""
    words = b" ".join(b"x$a%d$" % n for n in range(60_000))
    sql = b"SELECT " + words + b' "s"."t"'
    assert [each.path for each in mentions(sql)] == [(b"s", b"t")]
