"""Names of older dumps that have become keywords are quoted, and nothing else of a statement."""

import tracemalloc

import pytest

from snapper.engines.postgresql.newer_majors.keywords import in_quotes


@pytest.mark.parametrize(
    "statement",
    [
        b'CREATE VIEW v AS SELECT \'json\', E\'it\\\'s json\', "a json", "a""json";',
        b"CREATE FUNCTION f() LANGUAGE sql AS $$ SELECT json $$;",
        b"CREATE FUNCTION f() LANGUAGE sql AS $json$ SELECT json_value $json$;",
        b"CREATE VIEW v AS SELECT JSON_OBJECT('a' : 1), my_json, json2;",
        b"COMMENT ON TABLE t IS 'it''s json';",
        b"CREATE VIEW v AS -- it's json\nSELECT 'json';",
        b"CREATE VIEW v AS -- " + b" ".join(b"$a%d$" % n for n in range(100_000)) + b"\nSELECT 1;",
    ],
)
def test_what_is_no_such_name_stays_as_it_is(statement: bytes) -> None:
    assert in_quotes(statement) == statement


def test_names_are_quoted_wherever_they_stand() -> None:
    given = b"CREATE TABLE t (system_user text DEFAULT 'json'::json, n integer[] DEFAULT f($1));"
    wanted = given.replace(b"system_user", b'"system_user"').replace(b"::json", b'::"json"')
    assert in_quotes(given) == wanted


def test_no_statement_takes_many_times_its_length_in_memory() -> None:
    forged = b"CREATE VIEW v AS SELECT " + b"a," * 2_000_000 + b"json;"
    tracemalloc.start()
    try:
        assert in_quotes(forged) == forged
        assert tracemalloc.get_traced_memory()[1] < len(forged)
    finally:
        tracemalloc.stop()
