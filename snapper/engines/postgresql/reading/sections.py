"""How the text of a dump is parted: a table's rows, and what stands around them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.reading.database import on_database
from snapper.engines.postgresql.reading.definitions import defines, definitions
from snapper.engines.postgresql.reading.following import Following
from snapper.engines.postgresql.reading.lexer import Lexer, whole_tokens
from snapper.engines.postgresql.reading.statements import parted
from snapper.engines.postgresql.reading.tokens import Unreadable
from snapper.values.difference import Definition
from snapper.values.manifest import Manifest

_ROWS = re.compile(rb"COPY .* FROM stdin;\n", re.DOTALL)


class PlainSql:
    """The plain SQL that pg_dump writes."""

    def rows_begin(self, beginning: bytes) -> int | None:
        r"""Give where the rows behind a COPY begin; None if its statement does not end in these.

        >>> PlainSql().rows_begin(b"-- t\n\nCOPY t (a) FROM stdin;\n1\n")
        29
        >>> PlainSql().rows_begin(b'COPY "t FROM stdin;\n') is None
        True
        """
        try:
            end, ended = Lexer().find_end(beginning, 0, whole_tokens(beginning), last=False)
        except Unreadable as odd:
            raise ValueError(str(odd)) from None
        if not ended:
            return None
        if not _ROWS.fullmatch(parted(beginning[:end])[1]):
            raise ValueError("another statement than COPY … FROM stdin")
        return end

    def rows_end(self) -> bytes:
        """Give the line behind the rows."""
        return b"\\.\n"

    def follow(self, part: Mapping[str, Any]) -> Following:
        """Read a dump as a restore reads it, with the names in the encoding of the database."""
        return Following(part["encoding"])

    def defines(self, kind: str) -> bool:
        """Tell whether statements of this kind say what an object is."""
        return defines(kind)

    def definitions(self, pieces: Iterable[bytes], manifest: Manifest) -> Iterator[Definition]:
        """Give the definitions: what is set on the database itself, and what pg_dump writes."""
        recorded = Recorded.of(manifest)
        yield from on_database(manifest.database_name, recorded)
        yield from definitions(pieces, recorded.encoding)
