"""Compares the definitions of two databases as a restore leaves them.

What pg_dump writes is no fixed point: PostgreSQL gives some definitions back in other words than
those that made them, such as `v IN ('a', 'b')`, and the roles of a policy in an order of its own.
So where the texts of source and copy differ, the source's definitions are restored once more,
beside the copy, and the text of that is compared. Nothing but a true difference is left.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2.extensions import make_dsn

from local.demo.compare import printable, unequal
from local.demo.definitions import SchemaDump, read
from snapper.engines.facts import PLAINLY
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.inspecting.property_sql import create_database
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.naming.names import MAINTENANCE, quoted
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.trying.confined import restore_confined
from snapper.errors import SnapperError

_SHOWN = 5
_REWORDED = (
    "PostgreSQL writes these definitions in other words after any restore, which is no difference"
)
_UNMADE = "after any restore here pg_dump writes nothing of these, which is no difference"


@dataclass(frozen=True)
class Definitions:
    """The differences of two databases' definitions, and what else is to be said of them."""

    differences: tuple[str, ...]
    notes: tuple[str, ...] = ()


def compare_definitions(source: str, copy: str, dump: SchemaDump) -> Definitions:
    """Compare them; `copy` is a superuser's connection, for a second copy is made on its server.

    Raises DumpFailed if they cannot be read, DatabaseUnreachable.
    """
    schema = dump(source)
    first, user = _first_role(source), Connection.parse(copy).parameters["user"]
    # And the role that restored the copy has what belongs to nobody else.
    renamed = re.compile(rb"%b(?:_[0-9a-f]{16})?" % re.escape(user.encode()))

    def of(copied: str) -> dict[str, str]:
        # Each server's first superuser owns what nobody else does, whatever it is called.
        return read(renamed.sub(lambda _: first, dump(copied)))

    theirs, ours = read(schema), of(copy)
    if theirs == ours:
        return Definitions(())
    try:
        path = inspect(Connection.parse(source), redactor(source)).search_path
        with _restored(schema, path, copy, dump) as again:
            expected = of(again)
    except SnapperError as error:
        note = f"the source's definitions could not be restored a second time: {error}"
        return Definitions(tuple(unequal("definition", theirs, ours)), (note,))
    again_so = {
        name
        for name in theirs.keys() | ours.keys()
        if theirs.get(name) != ours.get(name) and expected.get(name) == ours.get(name)
    }
    notes = (_REWORDED, again_so & theirs.keys() & ours.keys()), (_UNMADE, again_so - ours.keys())
    return Definitions(
        tuple(unequal("definition", expected, ours)),
        tuple(_note(words, sorted(names)) for words, names in notes if names),
    )


def _first_role(source: str) -> bytes:
    with asking(Connection.parse(source), redactor(source)) as cursor:
        cursor.execute("SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10")
        (name,) = cursor.fetchone()
    return str(name).encode()


def _note(words: str, names: list[str]) -> str:
    shown = ", ".join(map(printable, names[:_SHOWN]))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{words}: {shown}{more}"


@contextmanager
def _restored(schema: bytes, path: str, copy: str, dump: SchemaDump) -> Iterator[str]:
    """Restore definitions into an empty database like the copy, for as long as the block lasts."""
    connection, redact = Connection.parse(copy), redactor(copy)
    name = f"again-{secrets.token_hex(4)}"
    beside = connection.replace(dbname=name)
    facts = inspect(connection, redact)
    locale = facts.properties.locale if facts.properties else None
    with asking(connection.replace(dbname=MAINTENANCE), redact) as cursor:
        cursor.execute(create_database(name, facts.encoding, locale, facts.major))
    try:
        backup = Recorded("", dump.encoding, (), search_path=path)
        loading = Loading(PLAINLY, search_path=backup.path)
        restore_confined([schema], beside, backup, Portable(), loading, redact)
        yield make_dsn(copy, dbname=name)
    finally:
        with asking(connection.replace(dbname=MAINTENANCE), redact) as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
