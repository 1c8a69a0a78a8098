"""What a statement needs that the same dump makes."""

import pytest

from snapper.engines.postgresql.selecting.definitions import Definitions
from snapper.engines.postgresql.selecting.needed import MOST_ELSEWHERE, Needs

DUMP = b"""\
CREATE EXTENSION IF NOT EXISTS "btree_gin" WITH SCHEMA "public";

CREATE EXTENSION IF NOT EXISTS "btree_gist" WITH SCHEMA "public";

"""
FUNCTION = b'CREATE FUNCTION "s"."f"("text") RETURNS "text"\n    LANGUAGE "sql"\n    AS $_$%b$_$;\n'


@pytest.mark.parametrize(
    ("statement", "extensions"),
    [
        (b'CREATE INDEX "i" ON "s"."t" USING "gin" ("n");\n', ["btree_gin"]),
        (b'CREATE INDEX "i" ON "s"."t" USING "btree" ("n");\n', []),
        (
            b'ALTER TABLE ONLY "s"."t"\n'
            b'    ADD CONSTRAINT "k" EXCLUDE USING "gist" ("n" WITH =, "span" WITH &&);\n',
            ["btree_gist"],
        ),
        (
            b'ALTER TABLE ONLY "s"."t"\n'
            b'    ADD CONSTRAINT "k" PRIMARY KEY ("n", "span" WITHOUT OVERLAPS);\n',
            ["btree_gist"],
        ),
    ],
)
def test_an_index_needs_the_extension_that_no_word_of_it_names(
    statement: bytes, extensions: list[str]
) -> None:
    definitions = Definitions.read([DUMP, statement])
    needed = Needs(definitions).of(definitions.statements[-1])
    assert [definitions.shown(path) for space, path in needed if space == "extension"] == extensions


@pytest.mark.parametrize(
    ("body", "elsewhere"),
    [
        (b"SELECT public.unaccent('public.unaccent', $1)", {(b"public", b"unaccent")}),
        (b"SELECT unaccent($1)", set()),
        (b"SELECT pg_catalog.lower($1)", set()),
        (b"INSERT INTO public.log (n) VALUES (1)", set()),
    ],
)
def test_a_function_needs_the_extension_whose_function_it_calls_by_its_schema(
    body: bytes, elsewhere: set[tuple[bytes, ...]]
) -> None:
    log = b'CREATE TABLE "public"."log" (\n    "n" integer\n);\n'
    definitions = Definitions.read([DUMP, log, FUNCTION % body])
    needs = Needs(definitions)
    assert list(needs.of(definitions.statements[-1])) == [("function", (b"s", b"f"))]  # itself
    assert needs.elsewhere == elsewhere


def test_a_function_that_calls_hundreds_of_others_makes_no_endless_question() -> None:
    calls = b" ".join(b"public.f%d()" % number for number in range(MOST_ELSEWHERE + 10))
    definitions = Definitions.read([DUMP, FUNCTION % calls])
    needs = Needs(definitions)
    list(needs.of(definitions.statements[-1]))
    assert len(needs.elsewhere) == MOST_ELSEWHERE
