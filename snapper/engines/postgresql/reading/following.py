r"""A dump of pg_dump as it flows by: which bytes are rows of which table, and what else there is.

It is read by the reader of restores: what a list says of a dump is what a restore makes of it.

>>> dump = b'COPY "a"."t" ("b") FROM stdin;\n1\n\\.\n'
>>> for piece in Following("UTF8").on(dump): print(type(piece).__name__, piece[:3])
Opening (b'COPY "a"."t" ("b") FROM stdin;\n', 'a', 't')
RowBytes (b'1\n',)
Closing (b'\\.\n', 1)
"""

import re
from collections.abc import Iterable, Iterator

from snapper.engines.following import Closing, Opening, Piece, RowBytes, Seam, Words
from snapper.engines.postgresql.naming.encoding import name_in
from snapper.engines.postgresql.naming.names import NAME
from snapper.engines.postgresql.reading.known import kind_of
from snapper.engines.postgresql.reading.statements import Part, Reading, Rows, Statement, parted
from snapper.errors import RestoreFailed

LARGE_OBJECTS = "large objects"
"""Their section: they are written between the only BEGIN and COMMIT that a dump holds."""

LONGEST_HELD = 1 << 20
"""Bytes of a statement that are held: no COPY is so long."""

_COPY = re.compile(rb"COPY (?P<schema>%b)\.(?P<table>%b) " % (NAME, NAME))
_SETVAL = re.compile(
    rb"SELECT pg_catalog\.setval\('(?P<name>(?:[^']|''){1,600})', -?[0-9]+, (?:true|false)\);\n?"
)
_SEQUENCE = re.compile(rb"(?P<schema>%b)\.(?P<name>%b)" % (NAME, NAME))
_END_OF_ROWS = b"\\.\n"


class Following:
    """Tells the pieces of a dump in this encoding apart; raises RestoreFailed as a restore does."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._reading = Reading((), LONGEST_HELD)
        self._goes_on = self._committed = False
        self._section = ""
        self._opening: Opening | None = None
        self._line_of_copy = 0

    def on(self, block: bytes, /) -> Iterator[Piece]:
        """Give what can be told by now."""
        return self._pieces(self._reading.on(block))

    def end(self) -> Iterator[Piece]:
        """Give what is left at the dump's end."""
        return self._pieces(self._reading.end())

    def _pieces(self, parts: Iterable[Part]) -> Iterator[Piece]:
        for part in parts:
            if isinstance(part, Rows):
                yield from self._rows(part)
            elif words := self._statement(part):
                yield words

    def _statement(self, statement: Statement) -> Words | None:
        text = statement.text
        body = b"" if self._goes_on else parted(text)[1]
        self._goes_on = statement.more
        if self._reading.in_rows:
            self._section, self._line_of_copy = "", self._reading.line
            self._opening = self._open(text, body)
            return None
        if body == b"BEGIN;\n":
            self._section = LARGE_OBJECTS
        elif self._committed:
            self._section = ""
        self._committed = body == b"COMMIT;\n"
        kinds = (kind_of(body),) if body else ()
        return Words(text, kinds, self._section, self._counter(body))

    def _counter(self, body: bytes) -> tuple[str, str] | None:
        """Give the sequence whose value a statement sets, if it is such a one."""
        if not (sets := _SETVAL.fullmatch(body)):
            return None
        found = _SEQUENCE.fullmatch(sets["name"].replace(b"''", b"'"))
        return (self._name(found["schema"]), self._name(found["name"])) if found else None

    def _open(self, text: bytes, body: bytes) -> Opening:
        found = _COPY.match(body)
        if not found:
            raise RestoreFailed("there are rows of a table that is not named with its schema")
        schema, table = (self._name(found[each]) for each in ("schema", "table"))
        return Opening(text, schema, table, Seam(b"\n", _END_OF_ROWS, body + b"\n"))

    def _rows(self, rows: Rows) -> Iterator[Piece]:
        text = rows.text
        if self._opening and text:
            # The first of their line ends is that of the line before them.
            yield self._opening._replace(text=self._opening.text + text[:1])
            self._opening, text = None, text[1:]
        if not rows.last:
            yield RowBytes(text)
            return
        yield RowBytes(text[: -len(_END_OF_ROWS)])
        # Neither the line of the COPY nor the last one is a row.
        yield Closing(_END_OF_ROWS, self._reading.line - self._line_of_copy - 2)

    def _name(self, written: bytes) -> str:
        quoted = written.startswith(b'"')
        octets = written[1:-1].replace(b'""', b'"') if quoted else written
        return name_in(octets, self._encoding)
