"""A dump is made fit for another server, and nothing else of it is changed."""

import pytest

from snapper.values.portable import Portable
from snapper.values.transaction import one_transaction, rewritten

MARK = b"ALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=35833240);\n"


def test_a_servers_own_column_option_is_left_out() -> None:
    assert (
        Portable()(b"CREATE TABLE t (a text);\n" + MARK + b"\n") == b"CREATE TABLE t (a text);\n\n"
    )


def test_the_users_column_options_stay() -> None:
    line = b"ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, pg_attver=1, fastupdate=off);"
    kept = b"ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, fastupdate=off);"
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
    for whole in (one_transaction, rewritten):
        for size in (1, 7, 1000):
            pieces = [rows[at : at + size] for at in range(0, len(rows), size)]
            assert b"".join(whole(pieces, Portable())) == rows


def test_commits_stay_where_there_is_no_outer_transaction() -> None:
    blob = b"\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n\n" + MARK
    assert b"COMMIT;" in b"".join(rewritten([blob], Portable()))
    assert b"COMMIT;" not in b"".join(one_transaction([blob], Portable()))


HEAD = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict aB3\n\n"


def test_the_dumps_own_restriction_is_left_out_but_not_its_line() -> None:
    body = b"SELECT 1;\n" * 20
    dump = HEAD + body + b"\n\\unrestrict aB3\n\n"
    plain = b"--\n-- PostgreSQL database dump\n--\n\n\n\n" + body + b"\n\n\n"
    # The head comes in one piece, as it does from any stream of blocks.
    for size in (100, 101, 249, 1000):
        pieces = [dump[at : at + size] for at in range(0, len(dump), size)]
        assert b"".join(rewritten(pieces, Portable())) == plain


def test_what_only_looks_like_a_restriction_stays() -> None:
    body = b"CREATE FUNCTION f() AS $$\n\\restrict aB3\n\\unrestrict x\n$$;\n"
    assert Portable()(body) == body
    fit = Portable()
    assert fit(HEAD)
    assert fit(body) == body
