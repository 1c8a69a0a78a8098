"""A database more in a deployed stage's parameters, as a deployment would add it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from snapper.values.manifest import FIRST_ENGINE
from snapper.values.options import UNSET, Options
from snapper.values.settings import connection_parameter, databases_path, options_parameter
from snapper.values.table import Row, read_table, write_table

SOME = Options(timeout=900)
"""Options that change nothing, but travel."""


@contextmanager
def added(ssm: Any, root: str, key: str, connection: str, row: Row, options: str) -> Iterator[None]:
    """Let a database be there for a while; `options` as they travel."""
    names = [connection_parameter(root, key)]
    ssm.put_parameter(Name=names[0], Value=connection, Type="SecureString", Overwrite=True)
    if options:
        names.append(options_parameter(root, key))
        ssm.put_parameter(Name=names[1], Value=options, Type="String", Overwrite=True)
    _rewrite_table(ssm, root, lambda rows: {**rows, key: row})
    try:
        yield
    finally:
        _rewrite_table(ssm, root, lambda rows: {k: row for k, row in rows.items() if k != key})
        ssm.delete_parameters(Names=names)


def row(retention: int, options: Options) -> Row:
    return Row(retention, FIRST_ENGINE, has_options=options != UNSET)


def _rewrite_table(ssm: Any, root: str, change: Callable[[dict[str, Row]], dict[str, Row]]) -> None:
    name = f"{databases_path(root)}/1"
    there = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    (piece,) = write_table(change(read_table([there])))
    ssm.put_parameter(Name=name, Value=piece, Type="SecureString", Overwrite=True)
