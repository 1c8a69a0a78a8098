"""The real pg_dump, on databases that are hard to name, to read or to reach."""

import gzip
import threading
from collections.abc import Callable
from dataclasses import replace

import psycopg2
import pytest

from snapper.engines.checked_dump import CheckedDump
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import PG_DUMP, pg_dump_command
from snapper.errors import DumpFailed
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from tests.support.databases import Source, job
from tests.support.dumps import DUMP
from tests.support.engines import engines
from tests.support.few import few
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys, open_uploads


def quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def dumped(dumper: Dumper, dsn: str) -> tuple[Manifest, bytes]:
    manifest = dumper.dump(job(), Database("orders", dsn, 1))
    assert manifest is not None
    return manifest, gzip.decompress(dumper.vault.read(DUMP))


@pytest.mark.parametrize(
    "name",
    few(
        [
            "postgresql://elsewhere/other",
            "host=elsewhere dbname=other",
            *("a=b", "with space", "it's", 'double"quote', "back\\slash"),
            "; touch x",
            "$(touch x)",
            "--help",
            "%41ü漢",
            "a\nb",
        ],
        4,
    ),
)
def test_a_database_of_whatever_name_is_the_one_that_is_dumped(
    name: str, source: Callable[..., Source], dumper: Dumper
) -> None:
    first = source(17, "CREATE TABLE marker (n int)")
    rename = f'ALTER DATABASE "{first.name}" RENAME TO {quoted(name)}'
    Source(first.server, "postgres").run(rename)
    made = first.beside(name)
    manifest, sql = dumped(dumper, made.dsn)
    assert manifest.database_name == name
    assert b'CREATE TABLE "public"."marker"' in sql


@pytest.mark.parametrize(
    "name", few(["it's me", 'double"quote', "a=b", "back\\slash", "me@tenant"], 2)
)
def test_a_user_of_whatever_name_can_dump(
    name: str, source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source()
    made.run(f"CREATE ROLE {quoted(name)} LOGIN PASSWORD 'hush-hush'; GRANT SELECT ON t TO PUBLIC")
    connection = Connection.parse(made.dsn).replace(user=name)
    dsn = f"{connection.conninfo({})} password=hush-hush"
    assert b'COPY "public"."t"' in dumped(dumper, dsn)[1]


@pytest.mark.parametrize(
    ("encoding", "expression", "stored"),
    [("SQL_ASCII", r"E'\377\376'", b"\xff\xfe"), ("LATIN1", "chr(233)", b"\xe9")],
)
def test_a_database_is_dumped_in_its_own_encoding(
    encoding: str,
    expression: str,
    stored: bytes,
    source: Callable[..., Source],
    dumper: Dumper,
) -> None:
    made = Source(source().server, f"dumped in {encoding}")
    Source(made.server, "postgres").run(
        f"CREATE DATABASE {quoted(made.name)} TEMPLATE template0 ENCODING '{encoding}'"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    made.run(f"CREATE TABLE t AS SELECT {expression}::text AS s")
    manifest, sql = dumped(dumper, made.dsn)
    assert manifest.part["encoding"] == encoding
    assert b"\n" + stored + b"\n" in sql


def refused(dumper: Dumper, database: Database) -> str:
    with pytest.raises(DumpFailed) as failure:
        dumper.dump(job(), database)
    assert keys(dumper.vault) == []
    assert open_uploads(dumper.vault) == []
    assert "hush-hush" not in str(failure.value)
    return str(failure.value)


@pytest.fixture
def reader(source: Callable[..., Source]) -> Callable[[Source], Database]:
    """Give the connection of a role that may do no more than it is granted."""

    def make(made: Source) -> Database:
        role = f"reader_{made.name.replace(' ', '_')}"
        made.run(f"CREATE ROLE {role} LOGIN PASSWORD 'hush-hush'")
        made.run(f"GRANT SELECT ON readable TO {role}")
        dsn = f"postgresql://{role}:hush-hush@127.0.0.1:{made.server.port}/{made.name}"
        return Database("orders", dsn.replace(" ", "%20"), 1)

    return make


def test_a_table_without_the_right_to_read_it_fails_the_dump_by_name(
    source: Callable[..., Source], dumper: Dumper, reader: Callable[[Source], Database]
) -> None:
    made = source(17, "CREATE TABLE readable (n int); CREATE TABLE salaries (n int)")
    assert "permission denied for table salaries" in refused(dumper, reader(made))


def test_rows_that_row_level_security_hides_fail_the_dump(
    source: Callable[..., Source], dumper: Dumper, reader: Callable[[Source], Database]
) -> None:
    made = source(
        17,
        "CREATE TABLE readable AS SELECT n FROM generate_series(1, 9) AS n;"
        "ALTER TABLE readable ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY few ON readable USING (n < 3)",
    )
    told = refused(dumper, reader(made))
    assert "row-level security policy" in told
    assert "readable" in told


@pytest.mark.parametrize("major", [14, 18])
def test_a_sequence_without_the_right_to_read_it_fails_the_dump_with_what_to_grant(
    major: int, source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(major, "CREATE SEQUENCE sq; CREATE TABLE t (n int)")
    made.run("CREATE ROLE counts LOGIN PASSWORD 'hush-hush'; GRANT SELECT ON t TO counts")
    orders = Database("orders", made.as_role("counts", "hush-hush"), 1)
    with pytest.raises(DumpFailed, match=r"sequence (public\.)?\"?(public\.)?sq") as failed:
        dumper.dump(job(), orders)
    assert "GRANT pg_read_all_data" in failed.value.hint


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("ERROR:  canceling statement due to conflict with recovery", "hot_standby_feedback"),
        ("FATAL:  terminating connection due to conflict with recovery", "dump the primary"),
        ('failed to get data for sequence "public.s"; user may lack', "SELECT ON SEQUENCE"),
        ("ERROR:  permission denied for function lo_open", "GRANT EXECUTE ON FUNCTION"),
        ("ERROR:  canceling statement due to user request", "its log says who"),
        ("ERROR:  canceling statement due to statement timeout", "a table was locked"),
        ("ERROR:  cache lookup failed for function 16389", "tried again"),
        ("failed sanity check, table with OID 5 not found", "tried again"),
        ('query to get data of sequence "s" returned 0 rows (expected 1)', "tried again"),
        ("ERROR:  invalid page in block 7 of relation base/5/16385", "files are damaged"),
        ("ERROR:  3 invalid pages among blocks 0..9 of relation base/5/16385", "files are damaged"),
        ("ERROR:  compressed lz4 data is corrupt", "files are damaged"),
        ("ERROR:  could not open file base/5/16385: No such file or directory", "are damaged"),
        ("ERROR:  missing chunk number 0 for toast value 16403", "files are damaged"),
        ("FATAL:  sorry, too many clients already", "max_connections"),
        ("FATAL:  the database system is shutting down", "stopped or restarted"),
        ("server closed the connection unexpectedly", "its log says why"),
    ],
)
def test_what_pg_dump_says_is_answered_with_what_to_do(words: str, hint: str) -> None:
    script = f"echo 'pg_dump: error: {words}' >&2; exit 1"
    with (
        CheckedDump(["/bin/sh", "-c", script], {}, Redactor(), PG_DUMP, 60) as dump,
        pytest.raises(DumpFailed) as failed,
    ):
        dump.read(1)
    assert hint in failed.value.hint


# In every run test_server_refuses.py shows it.
@pytest.mark.long
def test_a_table_that_stays_locked_fails_the_dump_by_name(
    source: Callable[..., Source], dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snapper.engines.postgresql.dumping.pg_dump.LOCK_WAIT", "500ms")
    made = source(17, "CREATE TABLE locked (n int)")
    lock = psycopg2.connect(made.dsn)
    try:
        lock.cursor().execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        told = refused(dumper, made.database())
    finally:
        lock.close()
    assert "timeout" in told
    assert '"public"."locked"' in told


def test_a_table_that_is_unlocked_in_time_is_dumped(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, "CREATE TABLE locked (n int)")
    lock = psycopg2.connect(made.dsn)
    lock.cursor().execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
    threading.Timer(0.5, lock.close).start()
    assert dumper.dump(job(), made.database()) is not None


def test_what_pg_dump_warns_of_is_told_though_it_ends_well(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    made = source(17)
    made.run(
        "CREATE SUBSCRIPTION news CONNECTION 'dbname=elsewhere' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)"
    )
    made.run("CREATE ROLE subscriber LOGIN PASSWORD 'hush-hush'")
    made.run("GRANT pg_read_all_data TO subscriber")
    dsn = f"postgresql://subscriber:hush-hush@127.0.0.1:{made.server.port}/{made.name}"
    try:
        assert dumper.dump(job(), Database("orders", dsn, 1)) is not None
    finally:
        made.run("DROP SUBSCRIPTION news")
    its_own, ours = (fields for name, fields in events.reported if name == "dump.warned")
    assert "subscriptions not dumped" in str(its_own["words"])
    assert its_own["database"] == "orders"
    assert (ours["omitted"], ours["objects"]) == ("subscriptions", "news")


def test_a_dump_is_in_the_databases_own_encoding_whatever_its_settings_say(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, "CREATE TABLE t AS SELECT '10 €' AS price")
    made.run(f"ALTER DATABASE {quoted(made.name)} SET client_encoding = 'LATIN1'")
    _, sql = dumped(dumper, made.dsn)
    assert "\n10 €\n".encode() in sql


def test_the_application_is_called_snapper_and_the_argv_holds_no_password(
    tools: ClientTools,
) -> None:
    connection = Connection.parse("postgresql://me:hush-hush@h/d?keepalives_idle=7")
    command = pg_dump_command(tools, 17, connection, "LATIN1")
    assert "hush-hush" not in " ".join(command)
    conninfo = command[-1].removeprefix("--dbname=").split()
    # The server has answered already when pg_dump comes, but may be slow to take connections.
    assert {"application_name=snapper", "connect_timeout=60", "keepalives=1"} <= set(conninfo)
    assert "keepalives_idle=7" in conninfo
    assert "--lock-wait-timeout=60s" in command
    assert "--no-password" in command
    assert "--encoding=LATIN1" in command


def test_a_connection_without_a_password_never_asks_for_one(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made = source()
    dsn = f"postgresql://postgres@127.0.0.1:{made.server.port}/postgres"
    with pytest.raises(Exception, match="no password supplied"):
        replace(dumper, engines=engines(tools)).dump(job(), Database("orders", dsn, 1))


def test_what_a_function_says_of_rows_while_they_are_read_is_not_told(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(
        17,
        "CREATE EXTENSION citext; CREATE TABLE t AS SELECT 'Zoe Nobody-Else'::text AS name;"
        "CREATE FUNCTION ok(text) RETURNS boolean LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'bad: %', $1; END $$;"
        "ALTER EXTENSION citext ADD TABLE t; UPDATE pg_extension SET"
        " extconfig = ARRAY['t'::regclass::oid], extcondition = ARRAY['WHERE public.ok(name)']"
        " WHERE extname = 'citext'",
    )
    with pytest.raises(DumpFailed, match="a function's words, which may hold") as failed:
        dumper.dump(job(), made.database())
    assert "Dumping the contents of table" in str(failed.value)
    assert "Zoe" not in str(failed.value)


def test_nor_is_what_one_says_at_each_login(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    made = source(
        18,
        "CREATE FUNCTION greet() RETURNS event_trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE WARNING 'row: %', 'Zoe Nobody-Else'; END $$;"
        "CREATE EVENT TRIGGER greeting ON login EXECUTE FUNCTION greet()",
    )
    assert dumper.dump(job(), made.database()) is not None
    assert "Zoe" not in repr(events.reported)
