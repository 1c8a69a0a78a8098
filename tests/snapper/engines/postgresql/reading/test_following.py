"""Where rows begin and end is told as who wrote the dump knows it, wherever it is cut."""

from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.following import Closing, Opening, Piece, RowBytes, Words
from snapper.engines.postgresql.reading.following import LARGE_OBJECTS, Following
from snapper.errors import RestoreFailed

LINES = (
    *(b"\\\\.", b"\\N", b"", b"-- PostgreSQL database dump complete", b"COPY a (b) FROM stdin;"),
    *(b"\\\\.\\r", b"x;", b"'", b'"', b"$$", b"BEGIN;", b"COMMIT;", b".", b" \\\\.", b"\xff\xfe"),
)
BODY = st.lists(st.sampled_from([*LINES, b"\\.", b"\r"]), max_size=5).map(b"\n".join)
NAMES = st.sampled_from([b"t", b'o"dd', b" FROM stdin;\n", b"\\.", b"\xc3\xa9", b"COPY"])


class Written(NamedTuple):
    """A part of a dump, and what must be told of it."""

    text: bytes
    told: tuple[object, ...]


def table(schema: bytes, name: bytes, lines: list[bytes]) -> Written:
    rows = b"".join(line + b"\n" for line in lines)
    named = b".".join(b'"' + each.replace(b'"', b'""') + b'"' for each in (schema, name))
    text = b'\n--\n-- Data\n--\n\nCOPY %b ("a") FROM stdin;\n%b\\.\n\n' % (named, rows)
    return Written(text, (schema.decode(), name.decode(), rows, len(lines)))


def words(text: bytes, kind: str = "", section: str = "") -> Written:
    return Written(text, (kind, section))


def objects(lines: list[bytes]) -> Written:
    texts = [
        b"\nSELECT pg_catalog.lowrite(0, '\\\\x%b');\n" % line.hex().encode() for line in lines
    ]
    inside = [("SELECT lowrite", LARGE_OBJECTS)] * len(lines)
    told = [("BEGIN", LARGE_OBJECTS), *inside, ("COMMIT", LARGE_OBJECTS)]
    return Written(b"\nBEGIN;\n" + b"".join(texts) + b"\nCOMMIT;\n", tuple(told))


WRITTEN = st.one_of(
    st.builds(table, NAMES, NAMES, st.lists(st.sampled_from(LINES), max_size=6)),
    BODY.map(lambda b: words(b"\nCREATE FUNCTION f() AS $_$" + b + b"$_$;\n", "CREATE FUNCTION")),
    BODY.map(lambda b: b.replace(b"'", b"''")).map(
        lambda b: words(b"\nCOMMENT ON TABLE t IS '" + b + b"';\n", "COMMENT ON")
    ),
    st.builds(objects, st.lists(st.sampled_from(LINES), max_size=3)),
    st.just(words(b"\n\nSET row_security = off;\n", "SET")),
)


def told(pieces: list[Piece]) -> list[object]:
    """Give what was told: kinds of statements, and tables with their rows."""
    found: list[object] = []
    rows, opened = b"", None
    for piece in pieces:
        match piece:
            case Opening(_, schema, name):
                rows, opened = b"", (schema, name)
            case RowBytes(text):
                rows += text
            case Closing(_, count):
                assert opened
                found.append((*opened, rows, count))
            case Words(_, kinds, section):
                found += [(kind, section) for kind in kinds]
    return found


def follow(dump: bytes, cuts: list[int]) -> list[Piece]:
    edges = [0, *sorted(cut % (len(dump) + 1) for cut in cuts), len(dump)]
    following = Following("UTF8")
    pieces = [piece for start, end in pairwise(edges) for piece in following.on(dump[start:end])]
    return pieces + list(following.end())


@given(st.lists(WRITTEN, max_size=8), st.lists(st.integers(0, 5000), max_size=20))
def test_no_boundary_is_misplaced_whatever_is_written_and_wherever_it_is_cut(
    parts: list[Written], cuts: list[int]
) -> None:
    dump = b"".join(part.text for part in parts) + b"\n--\n-- end\n--\n"
    pieces = follow(dump, cuts)
    assert b"".join(piece.text for piece in pieces) == dump
    expected = [
        each
        for part in parts
        for each in (part.told if isinstance(part.told[0], tuple) else [part.told])
    ]
    assert told(pieces) == expected


@pytest.mark.parametrize(
    ("encoding", "octets", "name"),
    [
        ("LATIN1", b"m\xfcller", "m\u00fcller"),
        ("SQL_ASCII", b"m\xfcller", r"m\xfcller"),
        ("UTF8", "m\u00fcller".encode(), "m\u00fcller"),
        ("EUC_JP", "\u8868".encode("euc_jp"), "\u8868"),
        ("MULE_INTERNAL", b"m\xfcller", r"m\xfcller"),
    ],
)
def test_names_are_read_in_the_encoding_of_the_database(
    encoding: str, octets: bytes, name: str
) -> None:
    pieces = Following(encoding).on(b'COPY "s"."%b"  FROM stdin;\n\\.\n' % octets)
    assert next(piece.table for piece in pieces if isinstance(piece, Opening)) == name


def test_a_long_statement_is_given_on_as_it_comes_and_counted_once() -> None:
    following = Following("UTF8")
    pieces = list(following.on(b"CREATE FUNCTION f() AS $$" + b"COPY\n" * 1_000_000))
    pieces += following.on(b"$$;\n")
    assert [kind for each in pieces if isinstance(each, Words) for kind in each.kinds] == [
        "CREATE FUNCTION"
    ]
    assert len(pieces) > 1


def test_a_carriage_return_among_rows_is_not_what_pg_dump_writes() -> None:
    with pytest.raises(RestoreFailed, match="a carriage return within rows"):
        follow(b'COPY "s"."t" ("a") FROM stdin;\nx\r\n\\.\n', [])
