"""A plain dump is read as the server reads it, wherever the stream is cut."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.postgresql.reading import statements
from snapper.engines.postgresql.reading.statements import Part, joined, rewritten
from snapper.errors import RestoreFailed
from tests.support.faults import faulted

OBJECT = b"""
BEGIN;

SELECT pg_catalog.lo_open('16389', 131072);
SELECT pg_catalog.lowrite(0, '\\x616263');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('16390', 131072);
SELECT pg_catalog.lo_close(0);

COMMIT;

"""
ROWS = b"""
COPY public."COPY x FROM stdin;
\\." (line) FROM stdin;
%s
\\.

"""
EMPTY = b"\nCOPY public.t (n) FROM stdin;\n\\.\n\n"
LINES = [*OBJECT.strip().split(b"\n"), b"COPY a (b) FROM stdin;", b"it's $a$ -- \"", b"x"]
LITERAL = st.lists(st.sampled_from(LINES), max_size=6).map(b"\n".join)

pieces = st.lists(
    st.sampled_from([OBJECT, EMPTY, b"\n--\n-- Name: it's $$; Type: VIEW\n--\n", b"\n"])
    | st.lists(st.sampled_from([*LINES, b"\\\\."]), min_size=1).map(
        lambda rows: ROWS % b"\n".join(rows)
    )
    | LITERAL.map(lambda body: b"\nCREATE PROCEDURE p() AS $_$" + body + b"$_$;\n")
    | LITERAL.map(lambda body: b"\nCREATE VIEW v AS SELECT '" + body.replace(b"'", b"''") + b"';\n")
    | LITERAL.map(lambda body: b'\nCREATE TABLE a$a$."' + body.replace(b'"', b'""') + b'" ();\n'),
    max_size=12,
)


def cut(dump: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(dump) + 1) for place in places), len(dump)]
    return [dump[start:end] for start, end in pairwise(edges)]


@given(pieces, st.lists(st.integers(0, 10_000), max_size=20))
def test_nothing_of_a_dump_is_lost_wherever_the_stream_is_cut(
    parts: list[bytes], places: list[int]
) -> None:
    dump = b"--\n-- PostgreSQL database dump\n--\n" + b"".join(parts)
    assert joined(rewritten(cut(dump, places))) == dump


@given(pieces, st.lists(st.integers(0, 10_000), max_size=20))
def test_a_statement_is_whole_whenever_it_is_rewritten(
    parts: list[bytes], places: list[int]
) -> None:
    dump = b"".join(parts)
    assert seen(cut(dump, places)) == seen([dump])


def seen(stream: list[bytes]) -> list[bytes]:
    """The statements as a rewriting is given them."""
    found: list[bytes] = []

    def see(statement: bytes) -> bytes:
        found.append(statement)
        return statement

    assert joined(rewritten(stream, see)) == b"".join(stream)
    return found


def test_no_more_than_a_piece_is_held_back_within_rows() -> None:
    stream = rewritten([b"\nCOPY t FROM stdin;\n", b"x" * 1_000_000, b"y" * 1_000_000])
    assert sum(len(next(stream).text) for _ in range(3)) > 900_000


def test_an_empty_stream_is_empty() -> None:
    assert joined(rewritten([])) == b""


@pytest.mark.parametrize("repeated", [b'"k": "", ', b"'a''b', ", b"-- ", b"$a ", b"-", b";"])
def test_no_text_is_read_twice(repeated: bytes) -> None:
    # Where a text can be read in more ways than one, forty of these would take days.
    dump = b"CREATE VIEW v AS SELECT '\"', " + repeated * 50_000 + b"1;\n"
    with suppress(RestoreFailed):  # some of these pg_dump does not write
        assert joined(rewritten([dump])) == dump


@pytest.mark.parametrize("quote", [(b"'", b"';\n"), (b"$$", b"$$;\n"), (b'"', b'" ();\n')])
def test_what_is_long_is_searched_once_and_is_not_held(
    quote: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "LONGEST_HELD", 10_000)
    pieces = [b"x" * 1000] * 500
    dump = [b"\n-- a\nCREATE TABLE t ", quote[0], *pieces, quote[1], b"CREATE TABLE u ();\n"]
    held, most = 0, 0

    def taken() -> Iterator[bytes]:
        nonlocal held, most
        for piece in dump:
            held += len(piece)
            most = max(most, held)
            yield piece

    for part in rewritten(taken(), lambda each: each):
        held -= len(part.text)
    assert held == 0
    assert most < 12_000


def test_a_long_statement_that_pg_dump_does_not_write_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statements, "LONGEST_HELD", 10_000)
    stream = rewritten([b"CREATE TABLE t ();\n\nDO $$", *([b"x" * 1000] * 50)])
    assert next(stream).text == b"CREATE TABLE t ();\n"
    with pytest.raises(RestoreFailed, match="at line 3 of the dump there is the statement DO"):
        list(stream)


ENDS = [
    *(b"COMMIT ;", b"commit;", b"/**/COMMIT;", b"COM/**/MIT;", b"COMMIT\t;", b"COMMIT\n;", b"END;"),
    *(b"COMMIT WORK;", b"COMMIT AND CHAIN;", b"COMMIT PREPARED 'x';", b"PREPARE TRANSACTION 'x';"),
    *(b"ABORT;", b"ROLLBACK;", b"ROLLBACK TO s;", b"SAVEPOINT s;", b"RELEASE s;", b"BEGIN ;"),
    *(b"START TRANSACTION;", b"SET TRANSACTION READ ONLY;", b"SET LOCAL row_security = off;"),
    *(b"-- x\rCOMMIT;", b"COMMIT-- x\n;", b"SELECT 1; COMMIT;", b"\\;COMMIT;", b";COMMIT;"),
    *(
        b"COMMIT; -- x",
        b"COMMIT",
        b"COMMIT;",
        b"\xef\xbb\xbfCOMMIT;",
        b"\xc2\xa0COMMIT;",
        b"\x0bCOMMIT;",
    ),
]
OUTSIDE = [
    *(b"ALTER SYSTEM SET a = 1;", b"CREATE DATABASE d;", b"DROP DATABASE d;", b"VACUUM;"),
    *(b"COPY t TO PROGRAM 'id';", b"COPY t FROM PROGRAM 'id';", b"COPY t TO '/tmp/x';"),
    *(b"COPY t FROM STDIN;", b"COPY t FROM stdin WITH (FORMAT csv);", b"copy t from stdin;"),
    *(b"CREATE TABLESPACE t LOCATION '/x';", b"CREATE ROLE r;", b"DROP TABLE t;", b"LOAD 'x';"),
    *(b"CREATE INDEX CONCURRENTLY ON t (a);", b"CREATE INDEX  concurrently ON t (a);"),
    *(
        b"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p;",
        b"ALTER SUBSCRIPTION s SET (failover = true);",
        b"ALTER SUBSCRIPTION s ENABLE;",
        b"NOTIFY x;",
        b"DO $$ $$;",
        b"CALL p();",
    ),
    *(
        b"SELECT dblink('', '');",
        b"SELECT pg_catalog.set_config('role', 'x', false);",
        b"LISTEN x;",
    ),
    *(b"SELECT pg_catalog.setval('s', f(), true);", b"ALTER DATABASE d SET a = 1;", b"TRUNCATE t;"),
    *(b"SET client_encoding = 'SJIS';", b"SET NAMES 'BIG5';", b"SET ROLE x;", b"RESET ALL;"),
    *(b"ALTER TABLE t DETACH PARTITION p CONCURRENTLY;", b"WITH x AS (SELECT 1) SELECT 1;"),
    *(b"EXPLAIN ANALYZE SELECT 1;", b"EXECUTE x;", b"PREPARE x AS SELECT 1;", b"DISCARD ALL;"),
]


@pytest.mark.parametrize("statement", ENDS + OUTSIDE)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_ends_a_transaction_or_acts_outside_of_it_is_never_given(
    statement: bytes, size: int
) -> None:
    before = b"CREATE TABLE t ();\n\n--\n-- Name: it's\n--\n\n"
    dump = before + statement + (b"" if statement == b"COMMIT;" else b"\nSELECT 1;\n")
    given: list[Part] = []
    with faulted("restore: a statement that pg_dump does not write"):
        with pytest.raises(RestoreFailed, match=r"at line \d+ of the dump there is .*") as failed:
            given.extend(rewritten(cut(dump, list(range(0, len(dump), size)))))
        assert before.startswith(joined(given).rstrip(b"\n"))
        assert failed.value.against_backup


ROWS_ODD = [b"1\r\n", b"\\.\r\nCOMMIT;\n", b"1\0\n", b"\\.\0\n"]


@pytest.mark.parametrize("rows", ROWS_ODD)
def test_rows_that_psql_would_end_elsewhere_are_not_given(rows: bytes) -> None:
    with faulted("restore: a dump that reads in two ways"), pytest.raises(RestoreFailed):
        list(rewritten([b"COPY t (a) FROM stdin;\n", rows, b"\\.\n"]))


@pytest.mark.parametrize(
    "dump",
    [
        *(b"CREATE TABLE t (", b"COMMENT ON TABLE t IS '", b"COPY t (a) FROM stdin;\n1\n"),
        *(b"CREATE FUNCTION f() AS $$", b'CREATE TABLE "t', b"CREATE TABLE t ()"),
    ],
)
def test_a_dump_that_ends_early_is_told_for_the_commit_would_be_swallowed(dump: bytes) -> None:
    with pytest.raises(RestoreFailed, match="an end too early"):
        list(rewritten([dump]))
