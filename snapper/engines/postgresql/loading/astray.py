"""Rows that are not within the bounds of their partition here: they go into the whole table.

A bound is a comparison, or a hash; in another locale or major a text may be on its other side. The
server itself puts each row into the partition that it belongs to.
"""

import re

import psycopg2

from snapper.engines.postgresql.connecting.server_words import is_raised, sqlstate
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.values.left_out import LeftOut

_CHECK = "23514"
_COPY = re.compile(rb"COPY (?P<table>.+?)(?P<columns> +\(.*\))? FROM stdin;\n?", re.DOTALL)
_NAMED = "pg_catalog.quote_ident({0}.nspname) || '.' || pg_catalog.quote_ident({1}.relname)"
_WHOLE_TABLE = f"""
    SELECT {_NAMED.format("n", "c")}
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = pg_catalog.pg_partition_root(pg_catalog.to_regclass(%s))
"""  # noqa: S608  constants only
_PARTITION = f"""
    SELECT {_NAMED.format("n", "c")}, {_NAMED.format("m", "p")}
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace
    WHERE n.nspname = %s AND c.relname = %s
"""  # noqa: S608  constants only


def is_astray(error: psycopg2.Error) -> bool:
    """Tell whether a row is not within the bounds of the partition that it is put into."""
    told = error.diag
    bound = sqlstate(error) == _CHECK and told.table_name and not told.constraint_name
    return bool(bound) and not is_raised(error)


def into_the_whole(copy: bytes, runner: StatementRunner) -> tuple[bytes, str] | None:
    """Write a COPY into a partition as one into the table that it is part of, and name that."""
    found = _COPY.fullmatch(copy)
    try:
        if found and (rows := runner.ask(_WHOLE_TABLE, found["table"].decode())):
            name = str(rows[0][0])
            text = b"COPY %b%b FROM stdin;" % (name.encode(), found["columns"] or b"")
            return text, name
    except (psycopg2.Error, UnicodeError):
        pass
    return None


def detach(error: psycopg2.Error, runner: StatementRunner) -> LeftOut | None:
    """Make the partition that an error names a table of its own, which may hold any row."""
    told = error.diag
    try:
        for name, above in runner.ask(_PARTITION, told.schema_name, told.table_name):
            runner.run(f"ALTER TABLE {above} DETACH PARTITION {name}".encode())
            why = "rows of the backup are not within its bounds; it is a table of its own now"
            return LeftOut("partition", f"{told.table_name} of {above}", sqlstate(error), why)
    except psycopg2.Error:
        pass
    return None
