"""What the benchmarks dump: databases of a size, and of a kind of rows."""

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor

_TABLES = 4

# 67 bytes of plain SQL a row; half of it hardly to be compressed.
_TEXT = """
CREATE UNLOGGED TABLE public.measured_{number} AS
SELECT n, md5((n + {number})::text) AS noise, 'a word that is often said' AS words
FROM generate_series(1, {gigabytes} * 15000000 / {tables}) AS n
"""

# Base64 of digests: nothing is to be saved but what its alphabet leaves of each byte.
_NOISE = """
CREATE UNLOGGED TABLE public.measured_{number} AS
SELECT n, (SELECT replace(encode(string_agg(sha512((n * 64 + {number} * 16 + k)::text::bytea), ''),
                                 'base64'), E'\\n', '')
           FROM generate_series(0, 15) AS k) AS noise
FROM generate_series(1, ({gigabytes} * 726000 / {tables})::int) AS n
"""

_SMALL = """
DO $$ BEGIN
    FOR n IN {first}..{last} LOOP
        EXECUTE format('CREATE TABLE public.small_%s (id int PRIMARY KEY, name text)', n);
        EXECUTE format('INSERT INTO public.small_%s '
                       'SELECT k, ''a name'' FROM generate_series(1, 20) AS k', n);
    END LOOP;
END $$
"""
_AT_ONCE = 500
"""Tables in one transaction: each is locked until its end."""

KINDS = {"text": _TEXT, "noise": _NOISE}


def fill(dsn: str, kind: str, gigabytes: float) -> None:
    """Fill a database with so many gigabytes of plain SQL in four equal tables.

    `text` has rows as applications have them, `noise` what hardly compresses.
    """
    for number in range(_TABLES):
        _run(dsn, KINDS[kind].format(number=number, gigabytes=gigabytes, tables=_TABLES))
    _run(dsn, "ANALYZE")


def fill_with_tables(dsn: str, count: int) -> None:
    """Fill a database with so many small tables of 20 rows."""
    for first in range(0, count, _AT_ONCE):
        _run(dsn, _SMALL.format(first=first, last=min(first + _AT_ONCE, count) - 1))


def _run(dsn: str, sql: str) -> None:
    with asking(Connection.parse(dsn), redactor(dsn)) as cursor:
        cursor.execute(sql)
