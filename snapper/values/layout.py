"""How the databases of a stage lie in Parameter Store: each parameter, and its value.

Whoever writes them puts the table last: it says in which piece each connection and each database's
options are, and these must be there by then. Read by `snapper/aws/parameters.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from snapper.values.options import UNSET
from snapper.values.packing import Packed, pack
from snapper.values.secrets import Database
from snapper.values.settings import (
    connection_parameter,
    connection_piece,
    databases_path,
    options_parameter,
    options_piece,
)
from snapper.values.table import Row, write_table


@dataclass(frozen=True)
class Parameter:
    """One parameter; `name` is the same in every stage, and tells it from all others of one."""

    name: str
    path: str
    value: str = field(repr=False)
    secret: bool


@dataclass(frozen=True)
class Layout:
    """The parameters of all databases: what the table speaks of, and the table itself."""

    texts: tuple[Parameter, ...]
    table: tuple[Parameter, ...]


def lay_out(root: str, databases: Iterable[Database]) -> Layout:
    """Lay the databases out below a path."""
    known = {each.key: each for each in databases}
    connections = pack({key: each.connection for key, each in known.items()})
    options = pack({key: text for key, each in known.items() if (text := each.options.to_json())})
    rows = {
        key: Row(
            each.retention,
            each.kind,
            each.options != UNSET,
            connections.piece_of.get(key),
            options.piece_of.get(key),
        )
        for key, each in known.items()
    }
    return Layout(
        (*_connections(root, connections), *_options(root, options)),
        tuple(
            Parameter(f"table-{number}", f"{databases_path(root)}/{number}", piece, secret=True)
            for number, piece in enumerate(write_table(rows), 1)
        ),
    )


def _connections(root: str, packed: Packed) -> Iterable[Parameter]:
    for number, piece in packed.pieces.items():
        path = connection_piece(root, number)
        yield Parameter(f"connections-{number}", path, piece, secret=True)
    for key, connection in packed.alone.items():
        path = connection_parameter(root, key)
        yield Parameter(f"{key}-connection", path, connection, secret=True)


def _options(root: str, packed: Packed) -> Iterable[Parameter]:
    for number, piece in packed.pieces.items():
        yield Parameter(f"options-{number}", options_piece(root, number), piece, secret=False)
    for key, text in packed.alone.items():
        yield Parameter(f"{key}-options", options_parameter(root, key), text, secret=False)
