r"""Reads a plain dump as statements and rows, to change single statements on their way to a server.

A line says nothing by itself: a string, a name, the body of a function or a table's rows may hold
the very lines of a dump. So quotes are followed as the server follows them. pg_dump writes no
backslash before a quote, and ends every statement with `;` and a new line.
"""

import re
from collections.abc import Callable, Iterable, Iterator

Rewrite = Callable[[bytes], bytes]
"""Changes one whole statement, with the comments before it; it is never given a row."""

# What hides a semicolon until it ends; a quote that is doubled within is two strings in a row.
_HIDES = {b"'": b"'", b'"': b'"', b"--": b"\n"}
_TAG = rb"(?<![\w$\x80-\xff])\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$"
_SIGN = re.compile(rb"['\"]|--|;\n|" + _TAG)
_LONGEST_SIGN = 70
"""Bytes: a name in PostgreSQL has 63, and two dollars are around it."""

_LEAD = re.compile(rb"(?:\s|--[^\n]*\n|\\[^\n]*\n)*")
_END_OF_ROWS = b"\n\\.\n"


def rewritten(sql: Iterable[bytes], *rewrites: Rewrite) -> Iterator[bytes]:
    r"""Give a plain dump, in whatever pieces it comes, with each of its statements rewritten.

    >>> dump = b"COPY t (a) FROM stdin;\nCOMMIT;\n\\.\n\nCOMMIT;\n"
    >>> b"".join(rewritten([dump], without_commit))
    b'COPY t (a) FROM stdin;\nCOMMIT;\n\\.\n\n\n'
    """
    waiting, in_rows, seen = b"", False, 0
    for piece in sql:
        waiting += piece
        start = 0
        while True:
            if in_rows:
                end, in_rows = _past_rows(waiting, start)
                yield waiting[start:end]
                start = seen = end
                if in_rows:
                    break
            else:
                end, seen = _past_statement(waiting, seen)
                if not end:
                    break
                statement = waiting[start:end]
                in_rows = _begins_rows(statement)
                # The line end belongs to the rows too: they may be none.
                start = seen = end - in_rows
                yield _all(rewrites, statement)[: -1 if in_rows else None]
        waiting, seen = waiting[start:], seen - start
    yield waiting if in_rows else _all(rewrites, waiting)


def parted(statement: bytes) -> tuple[bytes, bytes]:
    r"""Part a statement from what stands before it.

    >>> parted(b"\n--\n-- Name: t\n--\n\nSELECT 1;\n")
    (b'\n--\n-- Name: t\n--\n\n', b'SELECT 1;\n')
    """
    lead = _LEAD.match(statement)
    end = lead.end() if lead else 0
    return statement[:end], statement[end:]


def without_commit(statement: bytes) -> bytes:
    """Leave out a COMMIT, of which pg_dump writes one behind every batch of large objects.

    Within an open transaction the BEGIN before them is only warned of, but the COMMIT would make
    half a restore final, whatever goes wrong afterwards.
    """
    lead, body = parted(statement)
    return lead + b"\n" if body == b"COMMIT;\n" else statement


def _past_statement(sql: bytes, seen: int) -> tuple[int, int]:
    """Give where the statement ends, 0 if it does not yet, and up to where that is known."""
    while sign := _SIGN.search(sql, seen):
        if sign[0] == b";\n":
            return sign.end(), sign.end()
        closing = _HIDES.get(sign[0], sign[0])
        found = sql.find(closing, sign.end())
        if found < 0:
            return 0, sign.start()
        seen = found + len(closing)
    # The last bytes may be the beginning of a sign.
    return 0, max(seen, len(sql) - _LONGEST_SIGN)


def _past_rows(sql: bytes, start: int) -> tuple[int, bool]:
    """Give up to where there are rows, and whether more may follow."""
    found = sql.find(_END_OF_ROWS, start)
    if found >= 0:
        return found + len(_END_OF_ROWS), False
    return max(len(sql) - len(_END_OF_ROWS) + 1, start), True


def _begins_rows(statement: bytes) -> bool:
    _, body = parted(statement)
    return body.startswith(b"COPY ") and body.endswith(b" FROM stdin;\n")


def _all(rewrites: Iterable[Rewrite], statement: bytes) -> bytes:
    for rewrite in rewrites:
        statement = rewrite(statement)
    return statement
