"""A dump is made fit for another server, and nothing else of it is changed."""

import pytest

from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import joined, rewritten

MARK = b"ALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=35833240);\n"


def test_a_servers_own_column_option_is_left_out() -> None:
    table = b"CREATE TABLE t (a text);\n"
    assert joined(rewritten([table + MARK + b"\n"], Portable())) == table + b"\n"


def test_the_users_column_options_stay() -> None:
    line = b"ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, pg_attver=1, fastupdate=off);\n"
    kept = b"ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, fastupdate=off);\n"
    assert Portable()(line) == kept
    assert Portable()(kept) == kept


@pytest.mark.parametrize("name", [b'"new\nline"', b'"semi;colon"', b'"quo""te"', b"part.of_it"])
def test_a_name_may_hold_anything(name: bytes) -> None:
    line = b"ALTER TABLE ONLY " + name + b" ALTER COLUMN a SET (pg_attver=1);\n"
    assert Portable()(line) == b""


def test_a_missing_tablespace_becomes_the_default_and_is_told() -> None:
    fit = Portable(["there"])
    assert fit(b"SET default_tablespace = there;\n") == b"SET default_tablespace = there;\n"
    assert fit(b'SET default_tablespace = "Not There";\n') == b"SET default_tablespace = '';\n"
    assert fit(b"SET default_tablespace = '';\n") == b"SET default_tablespace = '';\n"
    assert fit.replaced == {"Not There"}


def test_rows_are_never_rewritten() -> None:
    rows = b"\nCOPY public.t (a) FROM stdin;\n" + MARK + b"SET default_tablespace = x;\n\\.\n\n"
    for size in (1, 7, 1000):
        pieces = [rows[at : at + size] for at in range(0, len(rows), size)]
        assert joined(rewritten(pieces, Portable())) == rows


def test_a_users_own_code_is_never_rewritten() -> None:
    body = b"\nSET default_tablespace = fast;\n" + MARK + b"COMMIT;\nCOPY x FROM stdin;\n"
    for before, behind in (
        (b"CREATE PROCEDURE p() LANGUAGE sql AS $_$", b"$_$;\n"),
        (b"COMMENT ON TABLE t IS 'it''s", b"';\n"),
        (b'CREATE TABLE "a ""', b'" (n int);\n'),
    ):
        statement = before + body + behind
        fit = Portable()
        assert joined(rewritten([statement, MARK], fit)) == statement
        assert fit.replaced == set()


HEAD = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict aB3\n\n"


def test_the_dumps_own_restriction_is_left_out_but_not_its_line() -> None:
    body = b"CREATE TABLE t ();\n" * 20
    dump = HEAD + body + b"\n\\unrestrict aB3\n\n"
    plain = b"--\n-- PostgreSQL database dump\n--\n\n\n\n" + body + b"\n\n\n"
    for size in (1, 100, 101, 249, 1000):
        pieces = [dump[at : at + size] for at in range(0, len(dump), size)]
        assert joined(rewritten(pieces, Portable())) == plain


def test_what_only_looks_like_a_restriction_stays() -> None:
    body = b"CREATE FUNCTION f() AS $$\n\\restrict aB3\n\\unrestrict x\n$$;\n"
    assert Portable()(body) == body


def test_the_comment_that_every_database_has_is_left_out_and_anothers_is_not() -> None:
    usual = b"\n--\n\nCOMMENT ON SCHEMA \"public\" IS 'standard public schema';\n"
    other = b"COMMENT ON SCHEMA \"public\" IS 'of our own';\n"
    assert Portable()(usual) == b"\n--\n\n\n"
    assert Portable()(other) == other


def test_a_partitioned_table_is_logged_and_others_stay_as_they_are() -> None:
    ends = b'\n)\nPARTITION BY RANGE (date_trunc(\'day\'::"text", "a"));\n'
    table = b'CREATE UNLOGGED TABLE "t" (\n    "a" timestamp'
    assert Portable()(table + ends) == table.replace(b"UNLOGGED ", b"") + ends
    for other in (table + b"\n);\n", table + b" DEFAULT '\n)\nPARTITION BY '\n);\n"):
        assert Portable()(other) == other
