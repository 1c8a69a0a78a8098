"""Reads a plain dump as statements and rows, to restore it in one transaction on another server.

Around large objects pg_dump writes `BEGIN;` and `COMMIT;`. Within an open transaction that BEGIN is
only warned of, but that COMMIT would make half a restore final, whatever goes wrong afterwards.
"""

import re
from collections.abc import Callable, Iterable, Iterator

# Rows are told from statements: a table may hold the very lines of a dump. A quoted name may hold
# anything, also the end of a line.
_STATEMENT = re.compile(
    rb'\n(?:COPY (?:[^"\n]|"(?:[^"]|"")*")+ FROM stdin;'
    rb"|SELECT pg_catalog\.lo_close\(0\);\n\n(COMMIT;))(?=\n)"
)
_END_OF_ROWS = re.compile(rb"\n\\\.(?=\n)")

Rewrite = Callable[[bytes], bytes]
"""Changes whole lines of statements; it is never given a row."""


def one_transaction(
    sql: Iterable[bytes], rewrite: Rewrite = lambda statements: statements
) -> Iterator[bytes]:
    r"""Give a plain dump, in whatever pieces it comes, without the COMMITs in its midst.

    >>> dump = b"\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n\nCREATE INDEX ..."
    >>> b"".join(one_transaction([dump]))
    b'\nSELECT pg_catalog.lo_close(0);\n\n\n\nCREATE INDEX ...'
    """
    return _rewritten(sql, rewrite, commits=False)


def rewritten(sql: Iterable[bytes], rewrite: Rewrite) -> Iterator[bytes]:
    """Give a plain dump, in whatever pieces it comes, with its statements rewritten."""
    return _rewritten(sql, rewrite, commits=True)


def _rewritten(sql: Iterable[bytes], rewrite: Rewrite, *, commits: bool) -> Iterator[bytes]:
    waiting, in_rows = b"", False
    for piece in sql:
        waiting += piece
        while found := (_END_OF_ROWS if in_rows else _STATEMENT).search(waiting):
            if in_rows:
                yield waiting[: found.end()]
                in_rows = False
            else:
                in_rows = found[1] is None
                end = found.end() if in_rows or commits else found.start(1)
                yield rewrite(waiting[:end])
            waiting = waiting[found.end() :]
        cut = max(len(waiting) - 3, 0) if in_rows else _third_last_line(waiting)
        yield waiting[:cut] if in_rows else rewrite(waiting[:cut])
        waiting = waiting[cut:]
    yield waiting if in_rows else rewrite(waiting)


def _third_last_line(sql: bytes) -> int:
    """Give where the last three lines begin, in which a statement may be under way."""
    cut = len(sql)
    for _ in range(3):
        cut = max(sql.rfind(b"\n", 0, cut), 0)
    return cut
