"""Checks that rows of the backup break: taken away for their sake, and given back for new rows."""

from collections.abc import Iterator

import psycopg2
from psycopg2 import sql

from snapper.engines.postgresql.reason import sqlstate
from snapper.engines.postgresql.statement_runner import StatementRunner
from snapper.values.left_out import LeftOut

_DEFINITION = """
    SELECT pg_catalog.pg_get_constraintdef(c.oid) FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = %s AND t.relname = %s AND c.conname = %s AND c.contype = 'c'
"""
_BROKEN = "23514"
_NOT_VALID = " NOT VALID"


class BrokenChecks:
    """Each by its schema, table and name, with its definition."""

    def __init__(self, runner: StatementRunner) -> None:
        self._runner = runner
        self._taken: dict[tuple[str, str, str], str] = {}

    def take(self, error: psycopg2.Error) -> bool:
        """Take away the check that an error names; give whether there was one."""
        named = (error.diag.schema_name, error.diag.table_name, error.diag.constraint_name)
        if sqlstate(error) != _BROKEN or not all(named) or named in self._taken:
            return False
        found = self._runner.ask(_DEFINITION, *named)
        if not found:
            return False
        schema, table, name = map(str, named)
        self._alter(schema, table, sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(name)))
        self._taken[schema, table, name] = str(found[0][0])
        return True

    def give_back(self) -> Iterator[LeftOut]:
        """Add them again, for new rows; say of each that rows break it."""
        for (schema, table, name), definition in self._taken.items():
            rule = definition.removesuffix(_NOT_VALID) + _NOT_VALID
            added = sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(name), sql.SQL(rule))
            why = "rows of the backup break it; it holds for new rows (NOT VALID)"
            try:
                self._alter(schema, table, added)
            except psycopg2.Error:
                why = "rows of the backup break it, and it could not be added again"
            yield LeftOut("constraint", f"{name} on {schema}.{table}", _BROKEN, why)
        self._taken.clear()

    def _alter(self, schema: str, table: str, change: sql.Composable) -> None:
        self._runner.change(
            sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(schema, table), change)
        )
