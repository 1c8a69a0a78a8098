"""A dump is read in one way, psql's and the server's, or it is not read on."""

import subprocess
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.reading.lexer import Lexer, whole_tokens
from snapper.engines.postgresql.reading.tokens import Unreadable
from tests.support.databases import Source
from tests.support.faults import faulted

# Each of these is read in another way by psql, or by the server, or by another release of either.
ODD = {
    "a comment that a carriage return ends": b"SELECT 1 -- \rCOMMIT;\n",
    "a comment that only looks nested": b"SELECT /* /* */ 1; */ 2;\n",
    "a string that goes on in the next line": b"SELECT E'a'\n'b\\', '; COMMIT; --';\n",
    "a tag behind a number": b"SELECT 1$a$ x $a$ ; COMMIT; $a$ $a$;\n",
    "a tag behind a junk parameter": b"SELECT $1a$b$; COMMIT; $b$;\n",
    "letters behind a number": b"SELECT 1a$b$ ; COMMIT; $b$;\n",
    "a function called begin": b"CREATE FUNCTION begin() RETURNS int AS 'x'; COMMIT; END;\n",
    "a label called case": b"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 case; END; COMMIT; END;\n",
    "a column called end": b"CREATE FUNCTION f() BEGIN ATOMIC SELECT t.end; END; COMMIT;\n",
    "a begin within a body": b"CREATE FUNCTION f() BEGIN ATOMIC SELECT begin; END; COMMIT; END;\n",
    "a semicolon that psql passes on": b"SELECT 1\\; COMMIT;\n",
    "a command of psql's": b"SELECT 1 \\gexec\n",
    "another one": b"\\c other\n",
    "one within what stands before": b"-- x\n  \\! id\n",
    "a restriction with more": b"\\restrict a \\! id\n",
    "a carriage return": b"SELECT 1\r;\n",
    "a parenthesis too many": b"SELECT 1); COMMIT;\n",
    "half a tag": b"SELECT $a ;\n",
}

# What pg_dump or a server may write, each of them one statement.
EVEN = [
    b"SELECT 'it''s', E'\\'; ', U&'\\0041', N'x;', B'01', X'1F' ;\n",
    b'SELECT "a;""b", U&"\\0041;" FROM t;\n',
    b"SELECT a$b$c, $x$;\n$y$;\n$x$, $$;$$;\n",
    b"SELECT 1.5e-10, 1., .5, a[1:2], a[1:x], b::text, 5 / 2 - -1;\n",
    b"SELECT '\\', 'ends in \\';\n",
    b"SELECT a[1:\"USER\"], b[1:DBNAME], c[1:'2'::int];\n",  # nobody puts variables in here
    b"CREATE RULE r AS ON INSERT TO t DO ALSO ( SELECT 1;\n SELECT 2;\n);\n",
    b"CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql\n    BEGIN ATOMIC\n"
    b" SELECT CASE WHEN a > 1 THEN 'END;' ELSE \"case\" END;\n SELECT (SELECT 2);\nEND;\n",
    b"CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END;\n",
    b"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;\n",
    b"SELECT 1 -- it's\n;\n",
]


def ends(sql: bytes, escapes: bool = False) -> list[bytes]:
    """Give the statements; raise Unreadable."""
    lexer, at = Lexer(), 0
    found: list[bytes] = []
    lexer.escapes = escapes
    while True:
        start = at
        at, ended = lexer.find_end(sql, at, len(sql), last=True)
        if not ended:
            return [*found, sql[start:]] if lexer.begun else found
        found.append(sql[start:at])


@pytest.mark.parametrize("sql", ODD.values(), ids=ODD)
def test_what_could_be_read_in_two_ways_is_not_read_on(sql: bytes) -> None:
    with faulted("restore: a dump that reads in two ways"), pytest.raises(Unreadable):
        ends(sql)


@pytest.mark.parametrize("sql", EVEN)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_pg_dump_writes_is_one_statement_in_whatever_pieces(sql: bytes, size: int) -> None:
    lexer, left = Lexer(), b""
    found: list[bytes] = []
    for place in range(0, len(sql), size):
        left += sql[place : place + size]
        last = place + size >= len(sql)
        whole = len(left) if last else whole_tokens(left)
        at, ended = lexer.find_end(left, 0, whole, last=last)
        found.append(left[:at])
        left = left[at:]
        assert ended == last
    assert b"".join(found) == sql


def test_a_backslash_escapes_in_a_plain_string_only_where_the_dump_says_so() -> None:
    sql = b"SELECT 'a\\'; COMMIT; --';\n"
    assert len(ends(sql, escapes=True)) == 1
    assert len(ends(sql)) == 2


NASTY = st.lists(
    st.sampled_from(
        [
            *(b"'", b'"', b"''", b"\\'", b"$a$", b"$$", b"$", b"E'", b"N'", b"U&'", b"B'", b"x'"),
            *(
                b";",
                b";\n",
                b" ;\n",
                b"(",
                b")",
                b"a",
                b"1",
                b"1e",
                b" ",
                b"\n",
                b"-",
                b"::",
                b":x",
            ),
            *(b" begin", b" atomic", b" end", b" case", b"create function f", b"create ", b"or "),
            *(b"replace procedure ", b"end;\n", b"begin atomic ", b"a$b$c", b"\xc3\xa9", b"$1 "),
            *(b"as ", b".", b",", b"[1:b]", b"';\n", b"$a$;\n", b"$$;\n", b'";\n'),
        ]
    ),
    max_size=25,
).map(b"".join)


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_psql_itself_finds_the_same_ends(
    major: int, source: Callable[..., Source], tools: ClientTools
) -> None:
    connection = Connection.parse(source(major).dsn)
    command = [str(tools.tool("psql", major)), "-XqeAt", "-f", "-", "-d", connection.conninfo({})]
    environment = {**tools.environment(), **connection.environment(), "PGCLIENTENCODING": "UTF8"}
    tally = {"read": 0, "refused": 0}

    @settings(max_examples=120, suppress_health_check=list(HealthCheck))
    @given(st.lists(NASTY, min_size=1, max_size=4))
    def judged(texts: list[bytes]) -> None:
        # Nothing of it is valid, so no server gives an answer: psql only says what it has sent.
        sql = b";\n".join(b"nonsense " + text for text in texts) + b";\n"
        if b"--" in sql:  # comments are left out by psql 14
            return
        try:
            ours = ends(sql)
        except Unreadable:
            tally["refused"] += 1
            return
        tally["read"] += 1
        ran = subprocess.run(command, input=sql, env=environment, capture_output=True, check=False)
        told = b"".join(each.lstrip(b" \n") for each in ours)
        assert ran.stdout.replace(b"\n", b"") == told.replace(b"\n", b"")
        assert ran.stdout.count(b"nonsense ") >= 1

    judged()
    assert min(tally.values()) > 10
