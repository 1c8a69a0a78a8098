"""Indexes and materialized views for which 17 finds what functions name by no path are told."""

import re
from collections.abc import Callable

import pytest

from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.newer_majors import newer
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.restores import EMPTY
from tests.support.without_schemas import BUILT, CASTS, with_functions

# What has its schema, is PostgreSQL's own, has a path of its own, or is not built.
HARMLESS = """
    CREATE FUNCTION public.slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
    CREATE FUNCTION public.lower(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE TABLE t (slug text);
    CREATE FUNCTION named(text) RETURNS text LANGUAGE sql IMMUTABLE
        AS 'SELECT public . slug(n.slug) || lower($1) FROM public.t AS n';
    CREATE FUNCTION with_path(text) RETURNS text LANGUAGE sql IMMUTABLE
        SET search_path = public AS 'SELECT slug($1)';
    CREATE FUNCTION atomic(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN slug($1);
    CREATE FUNCTION elsewhere() RETURNS text LANGUAGE sql AS 'SELECT slug(slug) FROM t';
    ALTER TABLE t ALTER slug SET DEFAULT elsewhere();
    CREATE INDEX ON t (named(slug)); CREATE INDEX ON t (with_path(slug));
    CREATE INDEX ON t (atomic(slug));
"""


def told(made: Source) -> dict[str, str]:
    """Give what 17 will not take, each with the reason."""
    link = connect(Connection.parse(made.dsn), Redactor())
    try:
        with link.cursor() as cursor:
            (refused,) = newer.ask(cursor) or [None]
    finally:
        link.close()
    found = [re.fullmatch(r"(.+?) \((.+)\)", each) for each in refused.objects] if refused else []
    return {each[1]: each[2] for each in found if each}


@pytest.mark.parametrize("major", [14, pytest.param(16, marks=pytest.mark.long)])
def test_each_is_told_with_the_function_and_what_it_finds(
    major: int, source: Callable[..., Source]
) -> None:
    found = told(with_functions(source(major, EMPTY), BUILT + CASTS))
    made = {each.split(".")[-1] for each in found}
    assert made == {
        *("of_inlined", "of_called", "of_some", "of_other_words", "of_operator", "of_domain"),
        *(
            "apart",
            "of_parted",
            "part_inlined_idx",
            "of_both",
            "part_slug_idx",
            "of_rows",
            "of_view",
            "of_of_view",
        ),
        *("of_cast", "of_class"),
    }
    words = "on a search_path only"
    assert found["index app.of_called"] == f"app.called(text) finds slug {words}"
    assert found["index app.of_some"] == f"app.within(text) calls what finds names {words}"
    assert found["materialized view app.of_rows"] == f"app.known() finds pages {words}"


def test_of_what_names_its_schemas_or_has_a_path_nothing_is_told(
    source: Callable[..., Source],
) -> None:
    assert told(source(14, HARMLESS)) == {}
