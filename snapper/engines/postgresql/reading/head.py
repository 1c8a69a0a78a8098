"""The beginning of a dump, before anything in it can be of its own making: schemas, extensions."""

import re
from collections.abc import Iterable, Iterator

from snapper.engines.postgresql.reading.statements import Part, Statement, parted

_NAME = rb'"(?:[^"]++|""){1,255}"|[a-z_\x80-\xff][\w\x80-\xff]*'
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
    b"SECURITY LABEL ",
)
_MOST = 32 << 20
"""Bytes that are kept in memory at most."""


class Head:
    """Sees the statements of a dump go by, until one can make something of the dump's own."""

    def __init__(self) -> None:
        self.extensions: list[tuple[bytes, bytes]] = []
        """Names and schemas, as SQL writes them."""
        self.schemas: set[bytes] = set()
        """Those that the dump makes: an option may have left out an extension's."""
        self._ended = False

    def __call__(self, statement: bytes) -> bytes:
        """Give the statement as it is."""
        _, body = parted(statement)
        if self._ended or not body:
            pass  # nothing is left of it
        elif found := _EXTENSION.fullmatch(body):
            self.extensions.append((found["name"], found["schema"]))
        elif made := _SCHEMA.fullmatch(body):
            self.schemas.add(made["name"])
        elif not body.startswith(_BEFORE):
            self._ended = True
        return statement

    def read(self, parts: Iterator[Part]) -> list[Part]:
        """Take the beginning from the parts of a dump that this rewrites."""
        taken: list[Part] = []
        size = 0
        while not self._ended and size < _MOST:
            try:
                taken.append(next(parts))
            except StopIteration:
                break
            size += len(taken[-1].text)
        return taken


def without_schemas(parts: Iterable[Part], there: frozenset[bytes]) -> Iterator[Part]:
    """Leave out that the schemas are made which are there already."""
    for part in parts:
        made = _SCHEMA.fullmatch(parted(part.text)[1]) if isinstance(part, Statement) else None
        if not (made and made["name"] in there):
            yield part
