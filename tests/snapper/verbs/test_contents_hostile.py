"""Real dumps of hostile databases: the list says of each table what the server itself says."""

import hashlib
import io
from collections.abc import Callable, Iterable

import psycopg2
import pytest
from psycopg2 import sql

from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.contents import Contents
from snapper.values.parts import TableRows
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from snapper.verbs.parts import read_statements, read_table
from tests.support.databases import EVERY_MAJOR, Source, job

HOSTILE = r"""
CREATE TABLE ends (n serial PRIMARY KEY, t text);
INSERT INTO ends (t) VALUES
    (E'\\.'), (E'\n\\.\n'), (E'\\.\r\n'), ('-- PostgreSQL database dump complete'), (NULL), (''),
    (E'a\r\nb'), (E'\r'), ('COPY "public"."ends" ("t") FROM stdin;'), (E'\t'), (E'\\N');
CREATE TABLE single (t text); INSERT INTO single VALUES (E'\\.');
CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE empty (n int);
CREATE TABLE " FROM stdin;
\." ("COPY ""x"" FROM stdin;
1
\." text);
INSERT INTO " FROM stdin;
\." VALUES ('x');
SET check_function_bodies = off;
CREATE FUNCTION copies() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
COPY "public"."ends" ("n", "t") FROM stdin;
1	x
\.

--
-- PostgreSQL database dump complete
--
END $body$;
COMMENT ON TABLE ends IS E'COPY "a"."b" ("c") FROM stdin;\n1\n\\.\n';
CREATE VIEW quoted AS SELECT E'\n\\.\nCOPY "a"."b" ("c") FROM stdin;\n' AS t;
CREATE TABLE parent (n int) PARTITION BY RANGE (n);
CREATE TABLE child PARTITION OF parent FOR VALUES FROM (0) TO (10);
INSERT INTO parent SELECT generate_series(0, 9);
SELECT lo_from_bytea(0, convert_to(E'\n\\.\nCOMMIT;\n', 'UTF8'));
"""


def contents_of(dumper: Dumper, source: Source) -> Contents:
    """Give the list of a backup of this database, of which every part was read by itself."""
    made = dumper.dump(job(), source.database())
    assert made is not None
    contents = read_contents(dumper.vault, made)
    assert contents is not None
    size = 0
    for part in contents.parts:
        if isinstance(part, TableRows):
            pieces: Iterable[bytes] = read_table(dumper.vault, made, part)
        else:
            pieces = read_statements(dumper.vault, made, part)
        size += sum(map(len, pieces))
    assert size == made.dump_bytes
    assert (contents.parts[0].start, contents.parts[-1].end) == (0, made.backup_bytes)
    return contents


def said_by_the_server(source: Source, table: TableRows) -> tuple[int, int, str]:
    """Have the server write the rows: how many, their bytes and digest."""
    rows, name = io.BytesIO(), sql.Identifier(table.schema, table.table)
    link = psycopg2.connect(source.dsn)
    try:
        cursor = link.cursor()
        cursor.copy_expert(sql.SQL("COPY {} TO STDOUT").format(name), rows)
        cursor.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(name))
        ((count,),) = cursor.fetchall()
    finally:
        link.close()
    return count, len(rows.getvalue()), hashlib.sha256(rows.getvalue()).hexdigest()


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_no_content_of_a_database_misplaces_a_boundary(
    major: int, source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(major, HOSTILE)
    contents = contents_of(dumper, made)
    tables = made.rows("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid >= 16384")
    assert [(len(contents.tables),)] == tables
    for each in contents.tables:
        assert (each.rows, each.bytes, each.sha256) == said_by_the_server(made, each), each.table
    assert contents.kinds["CREATE FUNCTION"] == contents.kinds["CREATE VIEW"] == 1
    assert contents.kinds["BEGIN"] == contents.kinds["SELECT lowrite"] == 1


def test_bytes_that_are_no_characters_are_listed_in_a_database_without_an_encoding(
    server: Callable[[int], PostgresServer], dumper: Dumper
) -> None:
    admin = Source(server(17), "postgres")
    admin.run(
        "CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    made = admin.beside("bytes")
    try:
        names = r"E'm\xfcller', E'x\xff'"
        made.run(
            f"DO $$ BEGIN EXECUTE format('CREATE TABLE %I AS SELECT %L AS t', {names}); END $$"
        )
        (table,) = contents_of(dumper, made).tables
    finally:
        admin.run("DROP DATABASE bytes WITH (FORCE)")
    assert (table.table, table.rows) == (r"m\xfcller", 1)
    assert table.sha256 == hashlib.sha256(b"x\xff\n").hexdigest()


@pytest.mark.long
def test_10000_tables_are_listed(source: Callable[..., Source], dumper: Dumper) -> None:
    made = source(
        17,
        "DO $$ BEGIN FOR n IN 1..10 LOOP FOR m IN 1..1000 LOOP EXECUTE"
        " format('CREATE TABLE t_%s_%s AS SELECT generate_series(1, %s) AS n', n, m, m % 7);"
        " END LOOP; COMMIT; END LOOP; END $$",
    )
    tables = contents_of(dumper, made).tables
    assert len(tables) == 10_000
    assert all(each.rows == int(each.table.rpartition("_")[2]) % 7 for each in tables)


@pytest.mark.long
def test_a_row_of_a_gigabyte_is_one_row(source: Callable[..., Source], dumper: Dumper) -> None:
    made = source(17, "CREATE TABLE wide AS SELECT repeat(E'\\\\.\\n', 200000000) AS t")
    (table,) = contents_of(dumper, made).tables
    assert (table.rows, table.bytes) == (1, 200_000_000 * 5 + 1)
