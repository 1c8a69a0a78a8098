"""A forged dump changes nothing that is there when single tables of it are restored."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import Wanted
from snapper.errors import RestoreFailed
from tests.snapper.engines.postgresql.restoring.test_tables import restore
from tests.support.databases import Source
from tests.support.restores import EMPTY


@pytest.fixture
def empty(source: Callable[..., Source]) -> Source:
    return source(18, EMPTY)


@pytest.mark.parametrize(
    "hostile",
    [
        b'CREATE TABLE "s"."t" PARTITION OF "public"."whole" DEFAULT;\n',
        b'CREATE TABLE "s"."t" ("a" integer) INHERITS ("public"."above");\n',
        b'CREATE TABLE "s"."t" ("a" integer);\nALTER TABLE "s"."t" INHERIT "public"."above";\n',
    ],
)
def test_what_is_made_is_tied_to_nothing_that_is_there(hostile: bytes, empty: Source) -> None:
    empty.run("CREATE TABLE whole (a int) PARTITION BY LIST (a); CREATE TABLE above (a int)")
    dump = b'CREATE SCHEMA "s";\n' + hostile + b'COPY "s"."t" ("a") FROM stdin;\n1\n\\.\n'
    with pytest.raises(RestoreFailed, match=r"ties what is to be made to public\.(whole|above)"):
        restore(dump, empty, Wanted(("s.t",)))
    assert empty.rows("SELECT count(*) FROM pg_class WHERE relname = 't'") == [(0,)]


@pytest.mark.parametrize(
    "rights",
    [
        b'GRANT ALL ON TABLE "s"."t", "public"."above" TO PUBLIC;',
        b'GRANT ALL ON SCHEMA "s", "public" TO PUBLIC;',
        b'GRANT SELECT("a") ON TABLE "s"."t","public"."above" TO PUBLIC;',
    ],
)
def test_rights_on_what_is_made_are_none_on_what_is_there(rights: bytes, empty: Source) -> None:
    empty.run("CREATE TABLE above (a int)")
    acls = """SELECT relacl::text FROM pg_class WHERE relname = 'above' UNION ALL
        SELECT attacl::text FROM pg_attribute WHERE attrelid = 'above'::regclass UNION ALL
        SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public'"""
    before = empty.rows(acls)
    dump = b'CREATE SCHEMA "s";\nCREATE TABLE "s"."t" ("a" integer);\n%b\n' % rights
    restore(dump, empty, Wanted(("s.t",)))
    assert empty.rows("SELECT relacl FROM pg_class WHERE relname = 't'") == [(None,)]
    assert empty.rows(acls) == before


def test_a_schema_that_is_made_gives_no_rights_on_what_is_there(empty: Source) -> None:
    empty.run("CREATE TABLE above (a int)")
    dump = b'CREATE SCHEMA "s" GRANT ALL ON "public"."above" TO PUBLIC;\nCREATE TABLE "s"."t" ();\n'
    with pytest.raises(RestoreFailed):
        restore(dump, empty, Wanted(("s.t",)))
    restore(dump, empty, Wanted(("s.t",), named="public.t"))
    assert empty.rows("SELECT relacl FROM pg_class WHERE relname = 'above'") == [(None,)]
