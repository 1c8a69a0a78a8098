"""What rows of a backup break is taken away for their sake, wherever it was said."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import RestoreOptions
from tests.support.anew import Anew, beside
from tests.support.databases import Source

MAJORS = [14, pytest.param(18, marks=pytest.mark.long)]

# Believed, as of a server that was told so, or whose function has changed since.
BROKEN = """
    CREATE TABLE above (n int CONSTRAINT positive CHECK (n > 0));
    CREATE TABLE below () INHERITS (above);
    CREATE TABLE parted (n int CONSTRAINT small CHECK (n < 5)) PARTITION BY LIST (n);
    CREATE TABLE part PARTITION OF parted FOR VALUES IN (9);
    CREATE DOMAIN natural_number AS int CONSTRAINT not_below CHECK (VALUE >= 0);
    CREATE DOMAIN small_number AS natural_number CHECK (VALUE < 9);
    CREATE TABLE of_domain (n natural_number, l small_number[]);
    ALTER TABLE above DROP CONSTRAINT positive; ALTER TABLE parted DROP CONSTRAINT small;
    ALTER DOMAIN natural_number DROP CONSTRAINT not_below;
    INSERT INTO below VALUES (-1); INSERT INTO parted VALUES (9);
    INSERT INTO of_domain VALUES (-1, '{-2}');
    ALTER TABLE above ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;
    ALTER TABLE parted ADD CONSTRAINT small CHECK (n < 5) NOT VALID;
    ALTER DOMAIN natural_number ADD CONSTRAINT not_below CHECK (VALUE >= 0) NOT VALID;
    UPDATE pg_constraint SET convalidated = true WHERE NOT convalidated;
"""
NULLS = """
    CREATE TABLE plain (n int); INSERT INTO plain VALUES (NULL);
    CREATE TABLE parted (n int, k int) PARTITION BY LIST (k);
    CREATE TABLE part PARTITION OF parted FOR VALUES IN (1); INSERT INTO parted VALUES (NULL, 1);
    UPDATE pg_attribute SET attnotnull = true WHERE attname = 'n'
        AND attrelid IN ('plain'::regclass, 'parted'::regclass, 'part'::regclass);
"""
# As a query gives it that finds no row.
OF_DOMAINS = """
    CREATE DOMAIN filled AS text NOT NULL; CREATE DOMAIN short AS filled CHECK (length(VALUE) < 9);
    CREATE TYPE pair AS (a int, b filled);
    CREATE TABLE t (n int, s short, p pair);
    INSERT INTO t VALUES (1, 'a', (1, 'a')),
        (2, 'b', (2, (SELECT 'a'::filled WHERE false))), (3, (SELECT 'a'::short WHERE false), NULL);
"""


def best(made: Source, anew: Anew, target: Source) -> tuple[Source, list[str]]:
    """Give the database that is kept, and the constraints that it lacks."""
    came = anew(made, target.dsn, options=RestoreOptions(best_effort=True))
    assert not any(each.rows for each in came.missing)
    assert all("holds for new rows" in each.reason for each in came.missing)
    return Source(made.server, came.kept_as), sorted(each.name for each in came.missing)


@pytest.mark.parametrize("major", MAJORS)
def test_rows_that_break_a_check_are_had_wherever_it_comes_from(
    major: int, source: Callable[..., Source], anew: Anew
) -> None:
    made = source(major, BROKEN)
    kept, names = best(made, anew, beside(made, "broken"))
    assert names == [
        "not_below on public.natural_number",
        "positive on public.above",
        "small on public.parted",
    ]
    rows = kept.rows("SELECT below.n, part.n, o.n, o.l::text FROM below, part, of_domain o")
    assert rows == [(-1, 9, -1, "{-2}")]
    valid = (
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND oid >= 16384 AND convalidated"
    )
    assert kept.rows(valid) == [("small_number_check",)]


def test_nulls_in_a_column_that_may_hold_none_are_had(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(14, NULLS)
    kept, names = best(made, anew, beside(made, "nulls"))
    assert names == ["NOT NULL of n on public.parted", "NOT NULL of n on public.plain"]
    assert kept.rows("SELECT p.n, part.n FROM plain p, part") == [(None, None)]
    assert len(kept.rows("SELECT FROM pg_constraint WHERE NOT convalidated")) == 3


@pytest.mark.parametrize("major", MAJORS)
def test_nulls_of_a_domain_that_has_none_are_had(
    major: int, source: Callable[..., Source], anew: Anew
) -> None:
    made = source(major, OF_DOMAINS)
    kept, names = best(made, anew, beside(made, "filled"))
    assert names == ["NOT NULL on public.filled"]
    assert kept.rows("SELECT n, s, p::text FROM t ORDER BY n") == [
        (1, "a", "(1,a)"),
        (2, "b", "(2,)"),
        (3, None, None),
    ]
    assert kept.rows(
        "SELECT convalidated FROM pg_constraint WHERE contypid = 'filled'::regtype"
    ) == [(False,)]


# The check that the function names is broken by no row.
ACCUSES = """
    CREATE FUNCTION ok(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE TABLE innocent (n int CONSTRAINT c CHECK (n > 0));
    CREATE TABLE t (n int CHECK (ok(n))); INSERT INTO t VALUES (1);
    CREATE OR REPLACE FUNCTION ok(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        RAISE check_violation USING SCHEMA = 'public', TABLE = 'innocent', CONSTRAINT = 'c'; END $$;
"""
HEIRS = """
    CREATE FUNCTION ok(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE TABLE parent (n int, CONSTRAINT c CHECK (ok(n)));
    CREATE TABLE heir (CONSTRAINT c CHECK (ok(n))) INHERITS (parent); INSERT INTO heir VALUES (1);
    CREATE OR REPLACE FUNCTION ok(int) RETURNS boolean LANGUAGE sql AS 'SELECT false';
"""


def test_what_a_function_says_of_a_check_takes_none_away(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(17, ACCUSES)
    came = anew(made, beside(made, "accused").dsn, options=RestoreOptions(best_effort=True))
    assert [(each.kind, each.name) for each in came.missing] == [("rows", "public.t")]


def test_a_check_that_is_both_inherited_and_ones_own_is_given_back_to_both(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(17, HEIRS)
    kept, names = best(made, anew, beside(made, "heirs"))
    assert names == ["c on public.heir", "c on public.parent"]
    own = "SELECT conislocal FROM pg_constraint WHERE conrelid = 'heir'::regclass"
    assert kept.rows(own) == [(True,)]


# Before 18 such a foreign key holds for all rows or is none.
PARTED = """
    CREATE TABLE one (id int PRIMARY KEY);
    CREATE TABLE many (id int CONSTRAINT to_one REFERENCES one) PARTITION BY LIST (id);
    CREATE TABLE few PARTITION OF many FOR VALUES IN (1);
    SET session_replication_role = replica; INSERT INTO many VALUES (1);
"""


@pytest.mark.parametrize(
    ("major", "words"),
    [
        (14, "nor can it be added for new rows only: cannot add NOT VALID foreign key on"),
        pytest.param(18, "it holds for new rows (NOT VALID)", marks=pytest.mark.long),
    ],
)
def test_of_a_foreign_key_that_cannot_be_had_for_new_rows_either_it_is_said_why(
    major: int, words: str, source: Callable[..., Source], anew: Anew
) -> None:
    made = source(major, PARTED)
    came = anew(made, beside(made, "parted").dsn, options=RestoreOptions(best_effort=True))
    (missing,) = came.missing
    assert (missing.name, missing.sqlstate) == ("to_one on public.many", "23503")
    assert words in missing.reason
