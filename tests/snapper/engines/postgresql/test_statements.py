"""A plain dump is read as the server reads it, wherever the stream is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.postgresql.statements import rewritten, without_commit

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
def test_only_the_commits_of_large_objects_go_wherever_the_stream_is_cut(
    parts: list[bytes], places: list[int]
) -> None:
    head = b"--\n-- PostgreSQL database dump\n--\n"
    expected = head + b"".join(
        part.replace(b"COMMIT;", b"") if part is OBJECT else part for part in parts
    )
    dump = head + b"".join(parts)
    assert b"".join(rewritten(cut(dump, places), without_commit)) == expected
    assert b"".join(rewritten(cut(dump, places))) == dump


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

    assert b"".join(rewritten(stream, see)) == b"".join(stream)
    return found


def test_no_more_than_a_piece_is_held_back_within_rows() -> None:
    stream = rewritten([b"\nCOPY t FROM stdin;\n", b"x" * 1_000_000, b"y" * 1_000_000])
    assert sum(map(len, (next(stream), next(stream), next(stream)))) > 900_000


def test_an_empty_stream_is_empty() -> None:
    assert b"".join(rewritten([])) == b""


@pytest.mark.parametrize("repeated", [b'"k": "", ', b"'a''b', ", b"-- ", b"$a ", b"-", b";"])
def test_no_text_is_read_twice(repeated: bytes) -> None:
    # Where a text can be read in more ways than one, forty of these would take days.
    dump = b"CREATE VIEW v AS SELECT '\"', " + repeated * 50_000 + b"1;\n"
    assert b"".join(rewritten([dump], without_commit)) == dump
