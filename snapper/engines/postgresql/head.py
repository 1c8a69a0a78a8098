"""The beginning of a dump, before anything in it can be of its own making: schemas, extensions."""

import re
from collections.abc import Iterable, Iterator

from snapper.engines.postgresql.statements import parted

_NAME = rb'"(?:[^"]++|"")+"|[a-z_\x80-\xff][\w\x80-\xff]*'
_EXTENSION = re.compile(
    rb"CREATE EXTENSION IF NOT EXISTS (?P<name>%b) WITH SCHEMA (?P<schema>%b);\n" % (_NAME, _NAME)
)
_SCHEMA = re.compile(rb"CREATE SCHEMA (?P<name>%b);\n" % _NAME)
# pg_dump makes extensions before all that can need one.
_BEFORE = (
    b"SET ",
    b"SELECT pg_catalog.set_config(",
    b"CREATE SCHEMA ",
    b"ALTER SCHEMA ",
    b"CREATE COLLATION ",
    b"ALTER COLLATION ",
    b"COMMENT ON ",
)
_MOST = 32 << 20
"""Bytes that are kept in memory at most."""


class Head:
    """Sees the statements of a dump go by, until one can make something of the dump's own."""

    def __init__(self) -> None:
        self.extensions: list[tuple[bytes, bytes]] = []
        """Names and schemas, as SQL writes them."""
        self._ended = False

    def __call__(self, statement: bytes) -> bytes:
        """Give the statement as it is."""
        _, body = parted(statement)
        if self._ended or not body:
            pass  # nothing is left of it
        elif found := _EXTENSION.fullmatch(body):
            self.extensions.append((found["name"], found["schema"]))
        elif not body.startswith(_BEFORE):
            self._ended = True
        return statement

    def read(self, pieces: Iterator[bytes]) -> list[bytes]:
        """Take the beginning from the pieces of a dump that this rewrites."""
        taken: list[bytes] = []
        size = 0
        while not self._ended and size < _MOST:
            try:
                taken.append(next(pieces))
            except StopIteration:
                break
            size += len(taken[-1])
        return taken


def without_schemas(pieces: Iterable[bytes], there: frozenset[bytes]) -> Iterator[bytes]:
    """Leave out that the schemas are made which are there already."""
    for piece in pieces:
        lead, body = parted(piece)
        made = _SCHEMA.fullmatch(body)
        yield lead + b"\n" if made and made["name"] in there else piece
