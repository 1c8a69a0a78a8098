"""Statements are known by their form, whatever names somebody has thought of."""

import tracemalloc

import psycopg2
import pytest

from snapper.engines.postgresql.loading.absentees import roles_of
from snapper.engines.postgresql.loading.leniency import (
    OWNER,
    OWNER_WITHIN,
    can_go,
    for_new_rows,
    object_of,
)

NAMES = [b"t", b'"a b"', b'"s;x"', b'"it\'s"', b'"say ""x"""']


@pytest.mark.parametrize("name", NAMES)
def test_an_owner_is_known_whatever_the_names_are(name: bytes) -> None:
    found = OWNER.fullmatch(b"ALTER TABLE public.%b OWNER TO %b;\n" % (name, name))
    assert found is not None
    assert found["role"] == name
    within = OWNER_WITHIN.fullmatch(b"ALTER TYPE %b.%b OWNER TO %b;\n" % (name, name, name))
    assert within is not None
    assert (within["schema"], within["role"]) == (name, name)


def test_what_only_looks_like_one_is_none() -> None:
    assert not OWNER.fullmatch(b"ALTER TABLE t ADD CHECK (n <> 'x'), OWNER TO app;\n")
    assert not OWNER.fullmatch(b'ALTER TABLE t OWNER TO a; ALTER TABLE "u" OWNER TO b;\n')


def test_a_constraint_is_written_for_new_rows_unless_it_is_so() -> None:
    rule = b"ALTER TABLE ONLY public.t\n    ADD CONSTRAINT c CHECK ((n > 0))"
    assert for_new_rows(rule + b";\n") == rule + b" NOT VALID;"
    assert for_new_rows(rule + b" NOT VALID;\n") == b""


def test_no_statement_takes_longer_than_its_length() -> None:
    # Looked at from each of these places to the end, it would take hours.
    many = b"ALTER TABLE t " + b"ADD CONSTRAINT c CHECK (true), " * 200_000
    assert for_new_rows(many + b"ADD CONSTRAINT c CHECK (true) NOT VALID;") == b""


@pytest.mark.parametrize("filler", [b"x", b'"', b'"a"', b"a, ", b"a."])
@pytest.mark.parametrize(
    "beginning",
    [
        b"ALTER TABLE t ADD CHECK (",
        b'ALTER SCHEMA "',
        b'CREATE ACCESS METHOD "',
        b"CREATE POLICY p ON s.t TO ",
        b'CREATE POLICY "',
        b"GRANT ",
    ],
)
def test_nor_many_times_as_much_memory(beginning: bytes, filler: bytes) -> None:
    statement = beginning + filler * 300_000 + b";\n"
    tracemalloc.start()
    try:
        for look in (OWNER.fullmatch, OWNER_WITHIN.fullmatch, object_of, roles_of):
            look(statement)
        can_go(statement, psycopg2.errors.UndefinedTable())
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()
