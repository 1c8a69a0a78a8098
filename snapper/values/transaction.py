"""Keeps a plain dump in the one transaction in which it is restored.

Around large objects pg_dump writes `BEGIN;` and `COMMIT;`. Within an open transaction that BEGIN is
only warned of, but that COMMIT would make half a restore final, whatever goes wrong afterwards.
"""

import re
from collections.abc import Iterable, Iterator

# Rows are told from statements: a table may hold the very lines of a dump.
_STATEMENT = re.compile(
    rb"\n(?:COPY [^\n]+ FROM stdin;|SELECT pg_catalog\.lo_close\(0\);\n\n(COMMIT;))(?=\n)"
)
_END_OF_ROWS = re.compile(rb"\n\\\.(?=\n)")


def one_transaction(sql: Iterable[bytes]) -> Iterator[bytes]:
    r"""Give a plain dump, in whatever pieces it comes, without the COMMITs in its midst.

    >>> dump = b"\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n\nCREATE INDEX ..."
    >>> b"".join(one_transaction([dump]))
    b'\nSELECT pg_catalog.lo_close(0);\n\n\n\nCREATE INDEX ...'
    """
    waiting, in_rows = b"", False
    for piece in sql:
        waiting += piece
        while found := (_END_OF_ROWS if in_rows else _STATEMENT).search(waiting):
            if not in_rows and found[1]:
                yield waiting[: found.start(1)]
            else:
                yield waiting[: found.end()]
                in_rows = not in_rows
            waiting = waiting[found.end() :]
        cut = max(len(waiting) - 3, 0) if in_rows else _third_last_line(waiting)
        yield waiting[:cut]
        waiting = waiting[cut:]
    yield waiting


def _third_last_line(sql: bytes) -> int:
    """Give where the last three lines begin, in which a statement may be under way."""
    cut = len(sql)
    for _ in range(3):
        cut = max(sql.rfind(b"\n", 0, cut), 0)
    return cut
