"""A plain dump stays in one transaction, and nothing of its data changes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from snapper.values.transaction import one_transaction

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
COPY public."COPY x FROM stdin;" (line) FROM stdin;
%s
\\.

"""
EMPTY = b"\nCOPY public.t (n) FROM stdin;\n\\.\n\n"
BODY = b"\nCREATE PROCEDURE p() LANGUAGE plpgsql AS $$BEGIN\nCOMMIT;\nEND$$;\n"

pieces = st.lists(
    st.sampled_from([OBJECT, EMPTY, BODY, b"\n--\n-- Name: t\n--\n", b"\nSELECT 'long long';\n"])
    | st.lists(
        st.sampled_from([*OBJECT.strip().split(b"\n"), b"COPY a (b) FROM stdin;", b"\\\\.", b"x"]),
        min_size=1,
    ).map(lambda rows: ROWS % b"\n".join(rows)),
    max_size=12,
)


def cut(dump: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(dump) + 1) for place in places), len(dump)]
    return [dump[start:end] for start, end in pairwise(edges)]


@given(pieces, st.lists(st.integers(0, 10_000), max_size=20))
def test_only_the_commits_of_large_objects_go_wherever_the_stream_is_cut(
    parts: list[bytes], places: list[int]
) -> None:
    dump = b"--\n-- PostgreSQL database dump\n--\n" + b"".join(parts)
    expected = b"--\n-- PostgreSQL database dump\n--\n" + b"".join(
        part.replace(b"COMMIT;", b"") if part is OBJECT else part for part in parts
    )
    assert b"".join(one_transaction(cut(dump, places))) == expected


def test_no_more_than_a_piece_is_held_back_within_rows() -> None:
    stream = one_transaction([b"\nCOPY t FROM stdin;\n", b"x" * 1_000_000, b"y" * 1_000_000])
    held, given_back = 0, 0
    for size, piece in zip([20, 1_000_000, 1_000_000], stream, strict=False):
        held += size
        given_back += len(piece)
    assert held - given_back < 1_000_100


def test_an_empty_stream_is_empty() -> None:
    assert b"".join(one_transaction([])) == b""
