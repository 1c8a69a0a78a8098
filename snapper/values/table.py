"""The table of a stage's databases as it lies in Parameter Store: count and TYPE by key.

It holds no connection, so who may read it learns no secret. After that a row says whether its
database has options, without which there are none to be read, and in which piece the connection
(`c17`) and the options (`o3`) are; of one that was added without a deployment, since when
(`s1795402800`). Older deployments have no pieces, and say nothing of them. One parameter has room
for more than a hundred rows; a larger table is in several pieces. Each begins with the digest of
the whole, so that a table which a deployment is just changing is never taken for a smaller one.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snapper.errors import SecretsInvalid
from snapper.values.keys import DATABASE_KEY
from snapper.values.packing import ROOM
from snapper.values.rules import Retention
from snapper.values.secrets import kept_of

_OPTIONS = "options"
_MARK = re.compile(r"([cos])(\d{1,10})", re.ASCII)


@dataclass(frozen=True)
class Row:
    """What is known of one database without its connection, and where the rest of it is.

    That is the number of a piece; without one it lies in a parameter of its own. One that was added
    without a deployment says `since` when it is there, in seconds since 1970.
    """

    retention: Retention
    kind: str
    has_options: bool = False
    connection_in: int | None = None
    options_in: int | None = None
    since: int | None = None


def write_table(rows: Mapping[str, Row], room: int = ROOM) -> list[str]:
    """Write the rows in the order of their keys, in as few pieces of `room` bytes as can be.

    >>> write_table({"orders": Row(7, "POSTGRES", connection_in=1), "a": Row(2, "POSTGRES")})
    ['f73071cf|a,2,POSTGRES|orders,7,POSTGRES,c1']
    """
    written = [_written(key, row) for key, row in sorted(rows.items())]
    digest = _digest(written)
    pieces: list[str] = []
    for row in written:
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


def _written(key: str, row: Row) -> str:
    words = [key, str(row.retention), row.kind]
    # An older release's functions look for this very word while a deployment replaces them.
    words += [_OPTIONS] if row.has_options else []
    words += [f"c{row.connection_in}"] if row.connection_in is not None else []
    words += [f"o{row.options_in}"] if row.options_in is not None else []
    words += [f"s{row.since}"] if row.since is not None else []
    return ",".join(words)


def _row(text: str) -> tuple[str, Row]:
    key, count, kind, *more = [*text.split(","), "", ""]
    if not (DATABASE_KEY.fullmatch(key) and kind):
        raise SecretsInvalid(("the table of databases has a row that is not KEY,count,TYPE",))
    marks = {found[1]: int(found[2]) for found in map(_MARK.fullmatch, more) if found}
    places = marks.get("c"), marks.get("o")
    return key, Row(kept_of(key, count), kind, _OPTIONS in more, *places, marks.get("s"))


def _digest(rows: Sequence[str]) -> str:
    return hashlib.sha256("|".join(rows).encode()).hexdigest()[:8]
