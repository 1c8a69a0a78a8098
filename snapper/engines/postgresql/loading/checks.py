"""Checks that rows of the backup break: taken away for their sake, and given back for new rows.

Of tables and of domains; and columns that may hold no NULL.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql

from snapper.engines.postgresql.connecting.server_words import is_raised, sqlstate
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.values.left_out import LeftOut

# What a table has from another it loses there.
_ABOVE = """
    WITH RECURSIVE above AS (
        SELECT t.oid FROM pg_catalog.pg_class t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = %s AND t.relname = %s
        UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN above ON i.inhrelid = above.oid
    )
"""
_OF_TABLE = f"""{_ABOVE}
    SELECT n.nspname, t.relname, pg_catalog.pg_get_constraintdef(c.oid)
    FROM above JOIN pg_catalog.pg_class t ON t.oid = above.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_catalog.pg_constraint c ON c.conrelid = t.oid
    WHERE c.conname = %s AND c.contype = 'c' AND c.coninhcount = 0
"""  # noqa: S608  constants only
# And a domain what it has from the one that it is made of.
_BELOW = """
    WITH RECURSIVE below AS (
        SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname = %s AND t.typname = %s
        UNION ALL SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t
        JOIN below ON t.oid = below.typbasetype
    )
"""
_OF_DOMAIN = f"""{_BELOW}
    SELECT n.nspname, t.typname, pg_catalog.pg_get_constraintdef(c.oid)
    FROM below JOIN pg_catalog.pg_type t ON t.oid = below.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_catalog.pg_constraint c ON c.contypid = t.oid
    WHERE c.conname = %s AND c.contype = 'c'
"""  # noqa: S608  constants only
_DOMAINS_NOT_NULL = f"""{_BELOW}
    SELECT n.nspname, t.typname, ''
    FROM below JOIN pg_catalog.pg_type t ON t.oid = below.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typnotnull
"""  # noqa: S608  constants only
_NOT_NULL = f"""{_ABOVE}
    SELECT n.nspname, t.relname, ''
    FROM above JOIN pg_catalog.pg_class t ON t.oid = above.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid
    WHERE a.attname = %s AND a.attnotnull AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_attribute p
        ON p.attrelid = i.inhparent AND p.attname = a.attname AND p.attnotnull
        WHERE i.inhrelid = t.oid)
"""  # noqa: S608  constants only
_CHECK, _NULL = "23514", "23502"
_NOT_VALID = " NOT VALID"

# Before 17 a session that has used a domain made of it learns only of checks that come or go.
_NO_MORE_NULLS = (
    "DROP NOT NULL",
    'ADD CONSTRAINT "snapper: look again" CHECK (true) NOT VALID',
    'DROP CONSTRAINT "snapper: look again"',
)


@dataclass(frozen=True)
class _Taken:
    """What was taken away, by name, and how it is given back."""

    code: str
    name: str
    back: sql.Composable


class BrokenChecks:
    """Those that were taken away so far."""

    def __init__(self, runner: StatementRunner) -> None:
        self._runner = runner
        self._taken: list[_Taken] = []

    def take(self, error: psycopg2.Error) -> bool:
        """Take away the check that an error names; give whether there was one.

        What a function raises may name any.
        """
        if is_raised(error):
            return False
        try:
            found = list(self._broken(error))
            for way, taken in found:
                self._runner.change(way)
                self._taken.append(taken)
        except psycopg2.Error:
            return False
        return bool(found)

    def _broken(self, error: psycopg2.Error) -> Iterator[tuple[sql.Composable, _Taken]]:
        code, told = sqlstate(error), error.diag
        asked = [told.schema_name, told.table_name or told.datatype_name]
        if code == _CHECK:
            kind, query = ("TABLE", _OF_TABLE) if told.table_name else ("DOMAIN", _OF_DOMAIN)
            asked.append(told.constraint_name)
        elif code == _NULL and told.table_name:
            kind, query = "TABLE", _NOT_NULL
            asked.append(told.column_name)
        else:
            kind, query = "DOMAIN", _DOMAINS_NOT_NULL
        if code not in {_CHECK, _NULL} or not all(asked):
            return
        for schema, owner, definition in self._runner.ask(query, *asked):
            of = sql.SQL(f"ALTER {kind} {{}} ").format(sql.Identifier(str(schema), str(owner)))
            what, away, back = _ways(code, asked[2:], str(definition))
            ways = sql.SQL("; ").join(of + way for way in away)
            yield ways, _Taken(code, f"{what} on {schema}.{owner}", of + back)

    def give_back(self) -> Iterator[LeftOut]:
        """Add them again, for new rows; say of each that rows break it."""
        # An heir that has it in its own name too was found later: who comes first must not give it.
        for taken in reversed(self._taken):
            why = "rows of the backup break it; it holds for new rows (NOT VALID)"
            try:
                self._runner.change(taken.back)
            except psycopg2.Error:
                why = "rows of the backup break it, and it could not be added again"
            yield LeftOut("constraint", taken.name, taken.code, why)
        self._taken.clear()


def _ways(
    code: str, names: Sequence[str], definition: str
) -> tuple[str, list[sql.Composable], sql.Composable]:
    """Name a rule, and say how it is taken away and given back; a domain's NOT NULL has no name."""
    name = sql.SQL(", ").join(map(sql.Identifier, names))
    if code == _CHECK:
        rule = sql.SQL(definition.removesuffix(_NOT_VALID) + _NOT_VALID)
        back = sql.SQL("ADD CONSTRAINT {} {}").format(name, rule)
        return names[0], [sql.SQL("DROP CONSTRAINT {}").format(name)], back
    filled = sql.SQL("ADD CHECK ({} IS NOT NULL) NOT VALID")
    if not names:
        return "NOT NULL", [*map(sql.SQL, _NO_MORE_NULLS)], filled.format(sql.SQL("VALUE"))
    away = sql.SQL("ALTER COLUMN {} DROP NOT NULL").format(name)
    return f"NOT NULL of {names[0]}", [away], filled.format(name)
