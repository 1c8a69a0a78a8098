"""A hostile backup in the deployed prover: it reaches nothing, and nothing stays of it."""

from tests.support.faults import faulted
from tests.support.stage import StageUnderTest

# Each is tried where rows are restored, and must be refused. Rows come in only if all are.
ATTEMPTS = (
    "COPY (SELECT 1) TO PROGRAM 'touch {scratch}/reached'",
    "COPY (SELECT 1) TO '{scratch}/reached'",
    "CREATE TEMPORARY TABLE seen (line text); COPY seen FROM '/etc/passwd'",
    "CREATE TEMPORARY TABLE seen (line text); COPY seen FROM PROGRAM 'id'",
    "PERFORM pg_catalog.pg_read_file('/etc/passwd')",
    "PERFORM pg_catalog.pg_ls_dir('/')",
    "PERFORM pg_catalog.lo_import('/etc/passwd')",
    "PERFORM pg_catalog.lo_export(pg_catalog.lo_create(0), '{scratch}/reached')",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION plpython3u",
    "CREATE LANGUAGE plperlu",
    "CREATE FUNCTION run() RETURNS int LANGUAGE c AS 'libc.so.6', 'getpid'",
    "LOAD '{scratch}/reached.so'",
    "ALTER SYSTEM SET archive_command = 'touch {scratch}/reached'",
    "SET archive_command = 'touch {scratch}/reached'",
    "CREATE ROLE pwned SUPERUSER",
    "GRANT pg_execute_server_program TO CURRENT_USER",
    "CREATE EVENT TRIGGER pwned ON ddl_command_end EXECUTE FUNCTION pg_catalog.now()",
    "PERFORM pg_catalog.pg_reload_conf()",
    "PERFORM pg_catalog.pg_read_binary_file('postgresql.auto.conf')",
)
_TRIED = """
    BEGIN {each}; reached := reached || {number}; EXCEPTION WHEN OTHERS THEN NULL; END;"""
HOSTILE = """
    CREATE FUNCTION tries() RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE TABLE items (n int CHECK (tries()));
    INSERT INTO items SELECT generate_series(1, 2);
    CREATE OR REPLACE FUNCTION tries() RETURNS boolean LANGUAGE plpgsql AS $tries$
    DECLARE reached int[] := '{{}}'; BEGIN {tried}
        IF reached <> '{{}}' THEN RAISE EXCEPTION 'reached: %', reached; END IF;
        RETURN true;
    END $tries$;
"""


def hostile(scratch: str) -> str:
    tried = [
        _TRIED.format(each=each.format(scratch=scratch), number=number)
        for number, each in enumerate(ATTEMPTS)
    ]
    return HOSTILE.format(tried="".join(tried))


def test_a_hostile_backup_reaches_nothing_in_the_prover(stage: StageUnderTest) -> None:
    scratch = stage.host._installed[stage.service.prover].directory / "tmp"
    with (
        faulted("drills: a hostile backup"),
        stage.database("hostile", stage.source(18, hostile(str(scratch))).dsn),
    ):
        stage.back_up("hostile")
        ran = stage.run_cli("drill", "hostile", "--wait", "--json")
        (drill,) = ran.document["drills"]
        assert (drill["state"], drill["rows"]) == ("proven", 2), drill
        assert [each.name for each in scratch.rglob("*") if each.is_file()] == []
        assert list(scratch.glob("snapper-*")) == []
