"""The rows of large tables, which several sessions load at once, each table within one of them.

They are one COPY, whatever the dump has made of them: they lie in the table as in its source, and
what is refused has left nothing.
"""

from collections.abc import Iterator, Sequence

from snapper.engines.at_once import DumpInParts, LargeTable
from snapper.engines.postgresql.loading.early_rows import rows
from snapper.engines.postgresql.loading.sides import Sides, Task
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.reading.statements import Part, Statement, parted, rewritten
from snapper.errors import RestoreFailed


def load_at_once(dump: DumpInParts, sides: Sides) -> set[int]:
    """Load what can be, the largest first; give the numbers of the tables that are filled."""
    order = sorted(range(len(dump.large)), key=lambda number: -dump.large[number].bytes)
    tasks = [_task(dump, number) for number in order]
    refused = {order[place] for place in sides.refused(tasks)}
    return set(order) - refused


def _task(dump: DumpInParts, number: int) -> Task:
    name = named(dump.large[number])

    def fill(runner: StatementRunner) -> None:
        parts = rewritten(dump.rows(number))
        copy = _copy(parts, name)
        runner.copy(copy, rows(parts))
        if any(parted(part.text)[1] for part in parts):
            raise _odd(name)

    return Task(Statement(b"COPY %b FROM stdin;" % name, 0), fill)


def _copy(parts: Iterator[Part], name: bytes) -> bytes:
    first = next(parts)
    body = parted(first.text)[1]
    if not (isinstance(first, Statement) and not first.more and body.startswith(b"COPY ")):
        raise _odd(name)
    return body


def named(table: LargeTable) -> bytes:
    """Write the name of a table as dumps do.

    >>> print(named(LargeTable("public", "a b", 0)).decode())
    "public"."a b"
    """
    return f"{quoted(table.schema)}.{quoted(table.table)}".encode(errors="surrogateescape")


def _odd(name: bytes) -> RestoreFailed:
    return RestoreFailed(
        f"the rows of {name.decode(errors='replace')} are loaded by no COPY alone, as pg_dump"
        " writes one",
        against_backup=True,
        everywhere=True,
    )


def sizes(tables: Sequence[LargeTable]) -> dict[bytes, int]:
    """Give the bytes of tables by their names."""
    return {named(table): table.bytes for table in tables}
