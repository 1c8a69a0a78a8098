"""The table of a stage's databases as it lies in Parameter Store: count and TYPE by key.

It holds no connection, so who may read it learns no secret. A row whose database has options says
so at its end: those lie in a parameter of their own, and without the word there is none to be read.
One parameter has room for more than a hundred rows; a larger table is in several pieces. Each
begins with the digest of the whole, so that a table which a deployment is just changing is never
taken for a smaller one.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snapper.errors import SecretsInvalid
from snapper.values.keys import DATABASE_KEY
from snapper.values.options import UNSET
from snapper.values.secrets import LONGEST_CONNECTION, Database, read_count

_OPTIONS = "options"


@dataclass(frozen=True)
class Row:
    """What is known of one database without its connection; its options may lie elsewhere."""

    retention: int
    kind: str
    has_options: bool = False


def write_table(databases: Iterable[Database], room: int = LONGEST_CONNECTION) -> list[str]:
    """Write the rows in the order of their keys, in as few pieces of `room` bytes as can be.

    >>> write_table([Database("orders", "postgresql://h/d", 7), Database("a", "host=h", 2)])
    ['91a8a886|a,2,POSTGRES|orders,7,POSTGRES']
    """
    ordered = sorted(databases, key=lambda database: database.key)
    rows = [_written(each) for each in ordered]
    digest = _digest(rows)
    pieces: list[str] = []
    for row in rows:
        if not pieces or len(pieces[-1]) + len(row) + 1 > room:
            pieces.append(digest)
        pieces[-1] += f"|{row}"
    return pieces


def read_table(pieces: Sequence[str]) -> dict[str, Row]:
    """Read all pieces, in their order; no piece is no table.

    Raises SecretsInvalid if they are not one whole, or somebody wrote nonsense past the deployment.
    """
    parted = [piece.split("|") for piece in pieces]
    rows = [row for _, *some in parted for row in some]
    if any(first != _digest(rows) for first, *_ in parted):
        raise SecretsInvalid(
            ("the table of databases is incomplete: pulumi up may be changing it",)
        )
    return dict(map(_row, rows))


def _written(database: Database) -> str:
    row = f"{database.key},{database.retention},{database.kind}"
    return f"{row},{_OPTIONS}" if database.options != UNSET else row


def _row(text: str) -> tuple[str, Row]:
    key, count, kind, *more = [*text.split(","), "", ""]
    if not (DATABASE_KEY.fullmatch(key) and kind):
        raise SecretsInvalid(("the table of databases has a row that is not KEY,count,TYPE",))
    return key, Row(read_count(key, count), kind, _OPTIONS in more)


def _digest(rows: Sequence[str]) -> str:
    return hashlib.sha256("|".join(rows).encode()).hexdigest()[:8]
