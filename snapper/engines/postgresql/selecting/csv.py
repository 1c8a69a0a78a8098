r"""The rows of a table as CSV, as `COPY … TO … (FORMAT csv, HEADER)` writes them, in UTF-8.

A NULL is nothing between two commas, and an empty text is two quotes. The backslashes of COPY's own
format are read; what they stand for is written as it is.
"""

import re
from collections.abc import Iterator

from snapper.engines.postgresql.naming.encoding import NO_ENCODING, codec_of
from snapper.engines.postgresql.reading.statements import Part, Rows, Statement
from snapper.engines.postgresql.selecting.mentions import mentions
from snapper.engines.postgresql.selecting.plan import Plan
from snapper.errors import SettingsError

_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_QUOTED = re.compile(rb'[,"\r\n]')
_AS_THEY_ARE = frozenset({codec_of("UTF8"), codec_of(NO_ENCODING)})
_NULL, _END = b"\\N", b"\\."


def as_csv(plan: Plan, parts: Iterator[Part]) -> Iterator[bytes]:
    """Write the rows of a table, and of all its partitions, with the names of its columns first.

    The columns of each partition are put in the order of the first one. Raises SettingsError where
    the backup has none of its rows.
    """
    codec = plan.definitions.codec
    first: list[bytes] | None = None
    chosen = plan.rows(parts)
    for part in chosen:
        if not isinstance(part, Statement):
            continue
        columns = [each.path[-1] for each in mentions(part.text)][1:]
        if first is None:
            first = columns
            yield _in_utf8(b",".join(map(_written, columns)) + b"\n", codec)
        order = [columns.index(name) for name in first]
        for line in _lines(chosen):
            values = line.split(b"\t")
            row = b",".join(_value(values[at]) for at in order)
            yield _in_utf8(row + b"\n", codec)
    if first is None:
        names = ", ".join(map(plan.definitions.shown, plan.selection.tables))
        if not plan.with_rows():
            raise SettingsError(f"{names} has no partition, and so no rows")
        raise SettingsError(f"the backup was made without the rows of {names}")


def _lines(parts: Iterator[Part]) -> Iterator[bytes]:
    """Give the rows behind a COPY, one by one."""
    rest, begun = b"", False
    for part in parts:
        # The first piece begins with the end of the line of the COPY.
        *lines, rest = (rest + (part.text if begun else part.text[1:])).split(b"\n")
        begun = begun or bool(part.text)
        yield from (line for line in lines if line != _END)
        if isinstance(part, Rows) and part.last:
            return


def _value(field: bytes) -> bytes:
    if field == _NULL:
        return b""
    if b"\\" in field:
        field = _ESCAPED.sub(lambda found: _MEANS.get(found[1], found[1]), field)
    return _written(field)


def _written(text: bytes) -> bytes:
    if text and text != _END and not _QUOTED.search(text):
        return text
    return b'"' + text.replace(b'"', b'""') + b'"'


def _in_utf8(line: bytes, codec: str) -> bytes:
    return line if codec in _AS_THEY_ARE else line.decode(codec).encode()
