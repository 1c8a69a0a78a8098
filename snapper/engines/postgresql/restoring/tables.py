"""Restore some tables of a backup into a database that is there: all of them, or nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.facts import (
    Need,
    Rehearsal,
    Restoration,
    RestoreOptions,
    SomeTables,
    TableRehearsal,
    Wanted,
)
from snapper.engines.postgresql.connecting.acting import rightful
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.loading.load import load
from snapper.engines.postgresql.loading.selected import Selected
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import Part, rewritten
from snapper.engines.postgresql.restoring.rehearse import is_database_there, mismatches
from snapper.engines.postgresql.restoring.restore import commit, restoration
from snapper.engines.postgresql.selecting.csv import as_csv
from snapper.engines.postgresql.selecting.forms import Thing, relation
from snapper.engines.postgresql.selecting.mentions import sql_of
from snapper.engines.postgresql.selecting.plan import Plan, some_tables
from snapper.engines.postgresql.selecting.script import as_sql
from snapper.engines.postgresql.target.content import content, tablespaces
from snapper.engines.postgresql.target.present import (
    are_anywhere,
    are_there,
    is_published,
    tied_to_others,
)
from snapper.engines.postgresql.target.roles import missing_roles
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM

_MAKE_IT = "make it first: CREATE DATABASE; tables are brought into one that is there"


class DumpTables:
    """What PostgreSQL knows of single tables; see `Tables`."""

    def choose(self, statements: Iterable[bytes], wanted: Wanted) -> SomeTables:
        """Choose what makes the tables."""
        return some_tables(statements, wanted)

    def rehearse(self, target: str, manifest: Manifest, tables: SomeTables) -> TableRehearsal:
        """Look what of the tables and of their needs is there."""
        redact, plan = redactor(target), _plan(tables)
        connection = Connection.parse(target)
        is_database_there(connection, redact, absent_hint=_MAKE_IT)
        server, backup = inspect(connection, redact), Recorded.of(manifest)
        roles = tuple(role for role in backup.roles if role in tables.roles)
        before = Rehearsal(
            place=connection.place,
            content=content(connection, redact),
            is_source=server.identity == manifest.source,
            missing_roles=missing_roles(connection, roles, redact),
            warnings=tuple(mismatches(manifest, server, server.encoding)),
            server_version=server.version,
        )
        with asking(rightful(connection, redact), redact) as cursor:
            for known in plan.before:
                if known.text.startswith(b"SET client_encoding"):
                    cursor.execute(known.text)  # in which names are asked for
            wanted = [relation(plan.new_name(path)) for path in plan.selection.tables]
            warnings = (*before.warnings, *_published(cursor, plan))
            return TableRehearsal(
                target=replace(before, warnings=warnings),
                present=tuple(_named(cursor, plan, plan.made(), there=True)),
                absent=tuple(_named(cursor, plan, wanted, there=False)),
                filled=_filled(cursor, plan),
                no_schemas=tuple(_named(cursor, plan, plan.schemas(), there=False)),
                needs=_needs(cursor, tables, plan),
            )

    def restore(
        self,
        rows: Iterable[bytes],
        manifest: Manifest,
        target: str,
        tables: SomeTables,
        options: RestoreOptions,
    ) -> Restoration:
        """Make the tables and fill them in one transaction."""
        redact, plan = redactor(target), _plan(tables)
        connection = rightful(Connection.parse(target), redact)
        portable = Portable(tablespaces(connection, redact))

        def again() -> Iterator[Part]:
            return plan.rows(rewritten(rows)) if plan.wanted.rows else iter(())

        path = Recorded.of(manifest).path
        loading = Loading(options, search_path=path, again=again, atomic=True)
        loading.rows_alone = not plan.wanted.definitions
        with StatementRunner(connection, redact) as runner:
            # Whatever ends us before the last line leaves a transaction that nobody commits.
            runner.run(b"BEGIN")
            selected = Selected(plan, runner, loading, portable)
            loading.forgo = selected.forgo
            load(selected.parts(again), runner, loading)
            _require_apart(runner, plan)
            commit(runner, options)
        came = restoration(loading, portable, selected.unfilled())
        return replace(came, used=selected.names_used(), unneeded=selected.names_unneeded())

    def as_sql(self, rows: Iterable[bytes], tables: SomeTables) -> Iterator[bytes]:
        """Write what makes the tables as a script of psql's."""
        return as_sql(_plan(tables), rewritten(rows))

    def as_csv(self, rows: Iterable[bytes], tables: SomeTables) -> Iterator[bytes]:
        """Write the rows of one table as CSV."""
        return as_csv(_plan(tables), rewritten(rows))


def _require_apart(runner: StatementRunner, plan: Plan) -> None:
    """Raise RestoreFailed if a table that was there has got rows of the new ones, or they of it.

    pg_dump says of a table that it inherits, or is a partition, where it can be left out.
    """
    if not plan.wanted.definitions:
        return
    tables = map(plan.new_name, plan.selection.tables)
    if tied := runner.ask(tied_to_others(tables)):
        names = ", ".join(sorted(f"{schema}.{table}" for schema, table in tied))
        raise RestoreFailed(
            f"the dump ties what is to be made to {names}, which would be changed by it",
            hint="it is forged, or of a pg_dump that writes otherwise: look at it by"
            f" {PROGRAM} download",
            against_backup=True,
        )


def _plan(tables: SomeTables) -> Plan:
    plan: Plan = tables.own
    return plan


def _named(cursor: Cursor, plan: Plan, things: list[Thing], *, there: bool) -> Iterator[str]:
    """Give the names of those things that are there, or are not."""
    found = _asked(cursor, are_there(things)) if things else []
    for (_, path), is_present in zip(things, found, strict=True):
        if is_present == there:
            yield plan.definitions.shown(path)


def _published(cursor: Cursor, plan: Plan) -> Iterator[str]:
    """Warn where what is made is sent to other databases at once."""
    if not plan.wanted.definitions:
        return
    version = cursor.connection.server_version
    for schema in dict.fromkeys(plan.new_name(path)[0] for path in plan.selection.tables):
        if _asked(cursor, is_published(schema, version)) == [True]:
            yield (
                f"the target publishes whatever is made in {plan.definitions.shown((schema,))}: a"
                " subscription stops until its own database has such a table"
            )


def _filled(cursor: Cursor, plan: Plan) -> tuple[str, ...]:
    """Give the tables that have rows already, where rows alone are wanted."""
    if plan.wanted.definitions:
        return ()
    found = []
    for path in map(plan.new_name, plan.selection.tables):
        if _asked(cursor, are_there([relation(path)])) == [True]:
            cursor.execute(b"SELECT EXISTS (SELECT FROM %b)" % sql_of(path))
            if cursor.fetchone()[0]:
                found.append(plan.definitions.shown(path))
    return tuple(found)


def _needs(cursor: Cursor, tables: SomeTables, plan: Plan) -> tuple[Need, ...]:
    """Say of each need whether it is there, and leave out extensions that need not be made."""
    if not tables.needs:
        return ()
    there = _asked(cursor, are_there(plan.selection.needs))
    required = {plan.definitions.shown(path) for _, path in plan.selection.required}
    elsewhere = sorted(plan.selection.elsewhere)
    missing = bool(elsewhere) and not all(_asked(cursor, are_anywhere(elsewhere)))
    return tuple(
        replace(need, there=found)
        for need, found in zip(tables.needs, there, strict=True)
        if need.kind != "extension" or missing or need.name in required
    )


def _asked(cursor: Cursor, query: bytes) -> list[bool | None]:
    cursor.execute(query)
    return [found for (found,) in cursor.fetchall()]
