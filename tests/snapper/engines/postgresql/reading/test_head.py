"""Extensions are found before anything of the dump's own, and nowhere else."""

import tracemalloc

import pytest

from snapper.engines.postgresql.reading import head as module
from snapper.engines.postgresql.reading.head import Head, without_schemas
from snapper.engines.postgresql.reading.statements import Statement, joined, rewritten

BEGINNING = b'''--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA extensions;
ALTER SCHEMA extensions OWNER TO app;
SECURITY LABEL FOR cloud ON SCHEMA extensions IS 'a customer''s';
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA extensions;
COMMENT ON EXTENSION "uuid-ossp" IS 'one; two';
CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA "my ""own""";
'''
REST = b"CREATE TABLE t (a int);\nCREATE EXTENSION IF NOT EXISTS late WITH SCHEMA public;\n"


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_beginning_ends_with_the_first_thing_that_is_made(size: int) -> None:
    dump = BEGINNING + REST
    head = Head()
    pieces = rewritten((dump[n : n + size] for n in range(0, len(dump), size)), head)
    taken = head.read(pieces)
    assert head.extensions == [(b'"uuid-ossp"', b"extensions"), (b"hstore", b'"my ""own"""')]
    assert head.schemas == {b"extensions"}
    assert joined(taken) + joined(pieces) == dump
    assert b"late" not in joined(taken)


def test_a_dump_that_only_begins_is_read_to_its_end() -> None:
    head = Head()
    pieces = rewritten([BEGINNING], head)
    assert joined(head.read(pieces)) == BEGINNING
    assert len(head.extensions) == 2


def test_a_statement_of_which_nothing_is_left_does_not_end_the_beginning() -> None:
    head = Head()
    for statement in (BEGINNING, REST):
        assert head(b"-- left out\n\n") == b"-- left out\n\n"
        joined(rewritten([statement], head))
    assert len(head.extensions) == 2


def test_a_beginning_without_end_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 1000)
    endless = iter(lambda: b"SET row_security = off;\n", None)
    assert len(joined(Head().read(rewritten(endless, Head())))) < 2000


def test_a_schema_that_is_there_is_not_made_again() -> None:
    made = Statement(b"-- it\nCREATE SCHEMA extensions;\n", 1)
    other = Statement(b"CREATE SCHEMA other;\n", 3)
    assert list(without_schemas([made, other], frozenset({b"extensions"}))) == [other]


def test_no_forged_name_takes_many_times_its_length_in_memory() -> None:
    forged = b'CREATE SCHEMA "' + b'""' * 1_000_000 + b'";\n'
    head = Head()
    tracemalloc.start()
    try:
        assert head(forged) == forged
        assert tracemalloc.get_traced_memory()[1] < 2 * len(forged)
    finally:
        tracemalloc.stop()
    assert not head.schemas
