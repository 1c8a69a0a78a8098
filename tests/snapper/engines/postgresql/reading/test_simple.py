"""The quick way finds the ends of statements that the lexer finds, and no other."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from snapper.engines.postgresql.reading import lexer
from snapper.engines.postgresql.reading.lexer import Lexer, whole_tokens
from snapper.engines.postgresql.reading.simple import end_of_simple
from snapper.engines.postgresql.reading.tokens import Unreadable

TOKENS = [
    *(
        b"create",
        b"CREATE",
        b"function",
        b"Procedure",
        b"or",
        b"replace",
        b"BEGIN",
        b"end",
        b"case",
    ),
    *(b"atomic", b"as", b"x", b"e", b"E", b"n", b"b", b"u&", b"U&", b"foo", b"a$b", b"\xc3\xa9"),
    *(b"'", b"''", b'"', b'""', b"'a'", b"'(b'", b"e'\\''", b'"c"', b'"(d"', b"$$", b"$t$", b"$1"),
    *(b"1", b"1.5", b"1e5", b"1a", b".", b",", b"(", b")", b"()", b"((", b"-", b"--", b"/*", b"/"),
    *(b"-- it's\n", b"--\r\n", b"\\", b"\\restrict a\n", b"\r", b"\v", b"\x01"),
    *(b" ", b"\n", b"\t", b";", b";\n", b"; ", b";\n\n"),
]
SOUP = st.lists(st.sampled_from(TOKENS), max_size=40).map(b"".join)
LIKELY = st.lists(st.sampled_from(TOKENS), max_size=12).map(b" ".join).map(lambda sql: sql + b";\n")


def outcome(sql: bytes, cuts: list[int], *, escapes: bool) -> list[object]:
    """Where statements end as the pieces come, and what is refused, and where."""
    found: list[object] = []
    reader, left, behind = Lexer(), b"", 0
    reader.escapes = escapes
    edges = sorted({cut % (len(sql) + 1) for cut in cuts} | {len(sql)})
    for start, end in zip([0, *edges], edges, strict=False):
        piece, last, at = left + sql[start:end], end == len(sql), 0
        whole = len(piece) if last else whole_tokens(piece)
        ended = True
        try:
            while ended:
                at, ended = reader.find_end(piece, at, whole, last=last)
                found += [behind + at] if ended else []
        except Unreadable as odd:
            return [*found, str(odd), behind + odd.at]
        left, behind = piece[at:], behind + at
    return [*found, reader.begun]


@settings(max_examples=400)
@given(
    st.lists(LIKELY | SOUP, max_size=5).map(b"".join), st.lists(st.integers(0, 500)), st.booleans()
)
@example(b'CREATE "x" FUNCTION f() BEGIN ATOMIC SELECT 1;\nEND;\n', [], False)
@example(b"SELECT ')' (;\n);\n", [], False)
@example(b"SELECT 'a'\n'b';\n", [], False)
@example(b"SELECT 'a' -- x\n'b';\n", [], False)
@example(b"SELECT 'a\\';\n", [], True)
def test_the_quick_way_changes_nothing(sql: bytes, cuts: list[int], escapes: bool) -> None:
    quickly = outcome(sql, cuts, escapes=escapes)
    with pytest.MonkeyPatch.context() as patched:
        none: Callable[[bytes, int, int], int] = lambda _, at, __: at  # noqa: E731  for the patch
        patched.setattr(lexer, "end_of_simple", none)
        assert outcome(sql, cuts, escapes=escapes) == quickly


@pytest.mark.parametrize(
    "sql",
    [
        b'\n--\n-- Name: t; Type: TABLE\n--\n\nCREATE TABLE "s"."t" (\n    "a" integer\n);\n',
        b'ALTER TABLE ONLY "s"."t" ALTER COLUMN "a" SET DEFAULT \'x\'::"text";\n',
        b'SELECT pg_catalog.setval(\'"s"."t_id_seq"\', 7, true);\n',
    ],
)
def test_what_a_dump_mostly_holds_is_simple(sql: bytes) -> None:
    assert end_of_simple(sql, 0, len(sql)) == len(sql)
