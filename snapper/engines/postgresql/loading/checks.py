"""Checks that rows of the backup break: taken away for their sake, and given back for new rows.

Of tables and of domains; and columns that may hold no NULL.
"""

from collections.abc import Iterator
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
_OF_DOMAIN = """
    SELECT n.nspname, t.typname, pg_catalog.pg_get_constraintdef(c.oid)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_catalog.pg_constraint c ON c.contypid = t.oid
    WHERE n.nspname = %s AND t.typname = %s AND c.conname = %s AND c.contype = 'c'
"""
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
        if code == _CHECK:
            kind, query = ("TABLE", _OF_TABLE) if told.table_name else ("DOMAIN", _OF_DOMAIN)
            asked = (told.schema_name, told.table_name or told.datatype_name, told.constraint_name)
        else:
            kind, query = "TABLE", _NOT_NULL
            asked = (told.schema_name, told.table_name, told.column_name)
        if code not in {_CHECK, _NULL} or not all(asked):
            return
        name = sql.Identifier(str(asked[2]))
        for schema, owner, definition in self._runner.ask(query, *asked):
            of = sql.SQL(f"ALTER {kind} {{}} ").format(sql.Identifier(str(schema), str(owner)))
            if code == _NULL:
                away = sql.SQL("ALTER COLUMN {} DROP NOT NULL").format(name)
                back = sql.SQL("ADD CHECK ({} IS NOT NULL) NOT VALID").format(name)
            else:
                away = sql.SQL("DROP CONSTRAINT {}").format(name)
                rule = sql.SQL(str(definition).removesuffix(_NOT_VALID) + _NOT_VALID)
                back = sql.SQL("ADD CONSTRAINT {} {}").format(name, rule)
            what = f"NOT NULL of {asked[2]}" if code == _NULL else asked[2]
            yield of + away, _Taken(code, f"{what} on {schema}.{owner}", of + back)

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
