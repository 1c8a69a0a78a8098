r"""Rows as CSV are those that the server itself writes, whatever they hold."""

from collections.abc import Callable

import psycopg2

from snapper.engines.facts import Wanted
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.tables import DumpTables
from tests.support.databases import Source
from tests.support.restores import plain_dump

ODD = r'''
CREATE TABLE "odd, one" ("a ""b""" text, c int, d text[], "é" bytea);
INSERT INTO "odd, one" VALUES
    (NULL, 1, '{a,"b c",NULL}', '\x00ff'), ('', NULL, '{}', ''), 
    (E'tab\t nl\n cr\r bs\\ "q", x', 2, NULL, NULL),
    ('\.', 3, NULL, NULL), (E'\b\f\v', 4, NULL, NULL), ('é', 5, NULL, NULL), (' ', 6, NULL, NULL);
CREATE TABLE none ();
INSERT INTO none DEFAULT VALUES;
CREATE TABLE single (t text);
INSERT INTO single VALUES (NULL), (''), ('\.'), ('\N'), ('x');
'''


def written_by_the_server(source: Source, table: str) -> bytes:
    link = psycopg2.connect(source.dsn)
    try:
        link.set_client_encoding("UTF8")
        pieces: list[bytes] = []
        sink = type("Sink", (), {"write": lambda _, piece: pieces.append(piece)})()
        link.cursor().copy_expert(f"COPY {table} TO STDOUT (FORMAT csv, HEADER)", sink)
        return b"".join(pieces)
    finally:
        link.close()


def test_rows_are_written_as_the_server_writes_them(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source(18, ODD)
    dump = plain_dump(tools, 18, made.dsn)
    for table in ('"odd, one"', "single", "none"):
        some = DumpTables().choose([dump], Wanted((table,)))
        pieces = [dump[at : at + 7] for at in range(0, len(dump), 7)]
        found = b"".join(DumpTables().as_csv(pieces, some))
        expected = written_by_the_server(made, table)
        assert found.replace(b'"\\."', b"\\.") == expected.replace(b'"\\."', b"\\.")


def test_the_columns_of_partitions_are_put_in_one_order(shop_dump: bytes) -> None:
    some = DumpTables().choose([shop_dump], Wanted(("shop.times",)))
    head, *rows = b"".join(DumpTables().as_csv([shop_dump], some)).decode().splitlines()
    assert head == "id,at,maker"
    assert sorted(rows) == ["1,2024-05-05,1", "2,2025-05-05,2", "3,2030-01-01,1"]
