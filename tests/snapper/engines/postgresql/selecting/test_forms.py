"""Every statement that pg_dump writes about tables is known by its first words."""

from collections.abc import Iterator

import pytest

from snapper.engines.postgresql.reading.statements import Statement, parted, rewritten
from snapper.engines.postgresql.selecting.forms import Form, form_of

NOT_CHOSEN = (b"CREATE PUBLICATION ", b"ALTER PUBLICATION ")


def forms(dump: bytes) -> Iterator[tuple[bytes, Form]]:
    for part in rewritten([dump]):
        if isinstance(part, Statement) and (body := parted(part.text)[1]):
            yield body, form_of(body)


def test_only_publications_of_a_whole_dump_are_about_nothing(shop_dump: bytes) -> None:
    unknown = [body for body, form in forms(shop_dump) if form.use == "none"]
    assert unknown
    assert all(body.startswith(NOT_CHOSEN) for body in unknown)


def test_each_statement_is_about_what_its_comment_names(shop_dump: bytes) -> None:
    """pg_dump itself says above each what it is about: an oracle that the product never reads."""
    seen = 0
    for part in rewritten([shop_dump]):
        lead, body = parted(part.text)
        title = lead.rpartition(b"\n-- Name: ")[2].partition(b"\n")[0]
        if not title or body.startswith((b"SET ", b"COPY ", *NOT_CHOSEN)):
            continue
        form = form_of(body)
        name = title.partition(b"; Type: ")[0]
        named = [b" ".join(path[-1:]) for _, path in (*form.makes, *form.about)]
        assert any(each in name for each in named), (title, form)
        seen += 1
    assert seen > 90


@pytest.mark.parametrize(
    ("sql", "use", "about"),
    [
        (b'GRANT SELECT("x) ON TABLE ""a"".""b""") ON TABLE "s"."t" TO "r";', "rights", b"t"),
        (b'GRANT ALL ON FUNCTION "s"."t"("a" integer) TO "r";', "rights", b"t"),
        (b'COMMENT ON COLUMN "s"."t"."c" IS \'ON TABLE "a"."b"\';', "rights", b"t"),
        (b'COMMENT ON TRIGGER "x ON y" ON "s"."t" IS \'\';', "rights", b"t"),
        (b'CREATE TRIGGER "x" AFTER UPDATE OF "ON", "b" ON "s"."t" FOR EACH', "later", b"t"),
        (b'CREATE POLICY "x TO y" ON "s"."t" FOR SELECT TO "r" USING (true);', "loose", b"t"),
        (b'CREATE STATISTICS "s"."x" ON ("f"(\' FROM "a"."b";\')) FROM "s"."t";', "later", b"t"),
        (b'ALTER TABLE ONLY "s"."t" REPLICA IDENTITY NOTHING;', "make", b"t"),
        (b'ALTER FOREIGN TABLE "s"."t" OWNER TO "r";', "rights", b"t"),
        (b'SELECT pg_catalog.setval(\'"s"."t"\', 1, true);', "state", b"t"),
    ],
)
def test_a_statement_is_about_its_own_thing_whatever_its_names_hold(
    sql: bytes, use: str, about: bytes
) -> None:
    form = form_of(sql + b"\n")
    assert form.use == use
    assert [path[-1] for _, path in form.about] == [about]


@pytest.mark.parametrize(
    "sql",
    [
        b'ALTER DEFAULT PRIVILEGES FOR ROLE "r" GRANT SELECT ON TABLES TO PUBLIC;',
        b'CREATE EVENT TRIGGER "e" ON ddl_command_end EXECUTE FUNCTION "s"."f"();',
        b"CREATE SUBSCRIPTION \"x\" CONNECTION '' PUBLICATION p WITH (connect = false);",
        b'REFRESH MATERIALIZED VIEW "s"."t";',
        b"SELECT pg_catalog.lo_create('1');",
        b"BEGIN;",
    ],
)
def test_what_acts_on_the_whole_database_is_about_no_table(sql: bytes) -> None:
    assert form_of(sql + b"\n").use == "none"


def test_a_type_makes_no_more_than_itself_whatever_its_labels_say() -> None:
    name = b'multirange_type_name = "s"."t"'
    (only,) = form_of(b'CREATE TYPE "s"."e" AS ENUM (\n    \'' + name + b"'\n);\n").makes
    assert only == ("relation", (b"s", b"e"))
    made = form_of(
        b'CREATE TYPE "s"."e" AS RANGE (\n    subtype = "text",\n    ' + name + b"\n);\n"
    )
    assert made.makes == (only, ("relation", (b"s", b"t")))
