"""No code that a backup brings along runs as a superuser of the server that it is tried on.

That holds by itself: these servers have no walls around them (test_walls.py tries those alone).
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying import trial
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import read_back
from tests.support.databases import Source
from tests.support.faults import tried

MakeBackup = Callable[[Source], Manifest]

pytestmark = pytest.mark.usefixtures("no_walls")


@pytest.fixture
def values_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a trial tell what the code of a dump says, which may be a row's value."""
    monkeypatch.setattr(trial, "PLAINLY", RestoreOptions(show_values=True))


# A table that is harmless where it was made, on a server that is reached by TCP. Where it is
# restored, whoever wrote its CHECK tries what a superuser may do, and tells what came of it.
HOSTILE = """
    CREATE FUNCTION public.looks(n integer) RETURNS boolean LANGUAGE plpgsql AS $f$
        DECLARE attempt text; outcomes text[] = '{{}}';
        BEGIN
            IF pg_catalog.inet_client_addr() IS NOT NULL THEN RETURN true; END IF;
            CREATE TEMP TABLE taken (line text);
            FOREACH attempt IN ARRAY ARRAY[{attempts}] LOOP
                BEGIN
                    EXECUTE attempt;
                    outcomes = outcomes || attempt;
                EXCEPTION WHEN insufficient_privilege THEN
                    outcomes = outcomes || text 'refused';
                END;
            END LOOP;
            RAISE EXCEPTION 'outcomes: %', outcomes;
        END $f$;
    CREATE TABLE public.guarded (n integer CHECK (public.looks(n)));
    INSERT INTO public.guarded VALUES (1), (2);
"""
ATTEMPTS = (
    "COPY (SELECT 1) TO PROGRAM 'id > {trace}'",
    "COPY (SELECT 1) TO '{trace}'",
    "COPY taken FROM PROGRAM 'id'",
    "COPY taken FROM '/etc/passwd'",
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_ls_dir('/')",
    "SELECT pg_catalog.lo_import('/etc/passwd')",
    "SELECT * FROM pg_catalog.pg_authid",
    "CREATE FUNCTION public.c() RETURNS integer LANGUAGE c AS 'libc.so.6', 'getpid'",
    "CREATE EXTENSION file_fdw WITH SCHEMA public",
    "LOAD '/tmp/anything'",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE ROLE another SUPERUSER",
    "GRANT pg_execute_server_program TO CURRENT_USER",
    "SET ROLE pg_read_server_files",
    "SET ROLE pg_write_server_files",
    "SET ROLE postgres",
    "SET session_preload_libraries = 'anything'",
)

FACTS = """
    CREATE FUNCTION public.looks(n integer) RETURNS boolean LANGUAGE plpgsql AS $f$
        BEGIN
            IF pg_catalog.inet_client_addr() IS NULL THEN RAISE EXCEPTION 'facts: %', (
                SELECT ROW(rolsuper, rolcreaterole, rolcreatedb, rolreplication,
                    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_auth_members m
                        WHERE m.member = r.oid))
                FROM pg_catalog.pg_roles r
                WHERE rolname = session_user AND session_user = current_user);
            END IF;
            RETURN true;
        END $f$;
    CREATE TABLE public.guarded (n integer CHECK (public.looks(n)));
    INSERT INTO public.guarded VALUES (1);
"""


@pytest.mark.usefixtures("values_shown")
@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_a_check_of_the_sources_reaches_no_program_no_file_and_no_more_rights(
    major: int,
    source: Callable[..., Source],
    back_up: MakeBackup,
    vault: Vault,
    tools: ClientTools,
    tmp_path: Path,
) -> None:
    trace = tmp_path / "trace"
    tmp_path.chmod(0o777)
    attempts = ", ".join(f"$a${attempt.format(trace=trace)}$a$" for attempt in ATTEMPTS)
    manifest = back_up(source(major, HOSTILE.format(attempts=attempts)))
    with pytest.raises(RestoreFailed, match="outcomes: ") as failed:
        try_restore(read_back(vault, manifest), manifest, tools)
    refused = ",".join(["refused"] * len(ATTEMPTS))
    survived = f"outcomes: {{{refused}}}" in str(failed.value) and not trace.exists()
    tried("hostile code: as the role that restores, without walls", survived, len(ATTEMPTS))
    assert survived, failed.value


@pytest.mark.usefixtures("values_shown")
@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_the_role_that_restores_is_no_superuser_and_has_nobodys_rights(
    major: int, source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    """The code of a dump tells it by an error, the one thing of it that reaches us."""
    manifest = back_up(source(major, FACTS))
    with pytest.raises(RestoreFailed, match=r"facts: \(f,f,f,f,0\)"):
        try_restore(read_back(vault, manifest), manifest, tools)


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_what_needs_a_superuser_and_evaluates_nothing_is_there_all_the_same(
    major: int, source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    made = source(
        major,
        """
        CREATE SCHEMA extensions; CREATE EXTENSION pg_stat_statements WITH SCHEMA extensions;
        CREATE EXTENSION postgres_fdw; COMMENT ON EXTENSION postgres_fdw IS 'of ours; really';
        CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
        CREATE USER MAPPING FOR PUBLIC SERVER elsewhere;
        CREATE TABLE public.visits AS SELECT n FROM generate_series(1, 5) AS n;
        CREATE MATERIALIZED VIEW public.few AS SELECT n FROM public.visits WHERE n < 3;
        CREATE FUNCTION public.frozen() RETURNS event_trigger LANGUAGE plpgsql
            AS $$BEGIN IF inet_client_addr() IS NULL THEN RAISE 'no DDL here'; END IF; END$$;
        CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION public.frozen();
        CREATE PUBLICATION everything FOR ALL TABLES;
        CREATE PUBLICATION one_table FOR TABLE public.visits;
        GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO PUBLIC;
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
        """,
    )
    manifest = back_up(made)
    restored = try_restore(read_back(vault, manifest), manifest, tools)
    assert (restored.tables, restored.rows) == (2, 7)


def test_counting_the_rows_calls_no_function_of_the_sources_as_a_superuser(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    """The planner evaluates what is constant in an index, whatever the query is."""
    made = source(
        18,
        """
        CREATE FUNCTION public.once(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql
            AS $$BEGIN
                IF pg_catalog.inet_client_addr() IS NULL
                    AND pg_catalog.current_setting('is_superuser') = 'on'
                THEN RAISE 'as a superuser'; END IF;
                RETURN n;
            END$$;
        CREATE TABLE public.t AS SELECT 1 AS n;
        CREATE INDEX ON public.t ((n + public.once(1)));
        """,
    )
    manifest = back_up(made)
    assert try_restore(read_back(vault, manifest), manifest, tools).rows == 1


# Says which rights what the forger made runs with; asked through an index when rows are counted.
DEFINER = """
    CREATE FUNCTION public.definer() RETURNS integer SECURITY DEFINER LANGUAGE plpgsql
        AS $$BEGIN
            IF pg_catalog.inet_client_addr() IS NULL AND EXISTS (SELECT FROM pg_catalog.pg_roles
                WHERE rolname = current_user AND (rolsuper
                    OR pg_catalog.has_function_privilege(current_user,
                        'pg_catalog.lo_export(oid, text)', 'EXECUTE')))
            THEN RAISE 'with rights'; END IF;
            RETURN 1;
        END$$;
    CREATE FUNCTION public.once() RETURNS integer IMMUTABLE LANGUAGE plpgsql
        AS $$BEGIN RETURN public.definer(); END$$;
    CREATE TABLE public.t AS SELECT 1 AS n;
    CREATE INDEX ON public.t ((n + public.once()));
    CREATE FUNCTION public.granted() RETURNS integer LANGUAGE sql RETURN 1;
    GRANT EXECUTE ON FUNCTION public.granted() TO PUBLIC;
"""


@pytest.mark.parametrize(
    "forged_line",
    [
        pytest.param(b"", marks=pytest.mark.long),
        b"GRANT ALL ON FUNCTION pg_catalog.lo_export(oid, text) TO PUBLIC;\n",
    ],
    ids=["without an owner", "with a right on the system's function"],
)
def test_a_forged_dump_that_owns_nothing_runs_as_nobody_in_the_end(
    forged_line: bytes,
    source: Callable[..., Source],
    back_up: MakeBackup,
    vault: Vault,
    tools: ClientTools,
) -> None:
    """With SECURITY DEFINER a function runs as its owner: that must not be the superuser."""
    backup = back_up(source(18, DEFINER))
    plain = b"".join(read_back(vault, backup))
    forged = re.sub(rb"\nALTER [^\n]* OWNER TO [^\n]*;\n", b"\n" + forged_line, plain)
    assert forged != plain
    assert try_restore([forged], backup, tools).rows == 1


def test_a_forged_dump_makes_no_role_of_the_systems_an_owner(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    """Whose rights are those to run programs of the server's machine."""
    backup = back_up(source(18, DEFINER))
    plain = b"".join(read_back(vault, backup))
    owned = re.sub(rb"OWNER TO [^\n]*;", b"OWNER TO pg_execute_server_program;", plain)
    found = try_restore([owned], backup, tools)
    assert "left out: owner of" in str(found.remarks)


def test_a_rule_of_the_sources_that_would_act_on_our_own_queries_is_not_met(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    """An operator for names, which a careless query would take for PostgreSQL's own."""
    made = source(
        17,
        """
        CREATE FUNCTION public.trap(name, name) RETURNS boolean LANGUAGE plpgsql
            AS $$BEGIN RAISE 'trapped'; END$$;
        CREATE OPERATOR public.!~ (FUNCTION = public.trap, LEFTARG = name, RIGHTARG = name);
        CREATE OPERATOR public.<> (FUNCTION = public.trap, LEFTARG = name, RIGHTARG = name);
        CREATE TABLE public.t AS SELECT 1 AS n
        """,
    )
    manifest = back_up(made)
    assert try_restore(read_back(vault, manifest), manifest, tools).rows == 1


# What is a part of an extension may be called after a restore, by its name.
CALLED_AFTERWARDS = """
    CREATE FUNCTION public.my_post_restore() RETURNS void LANGUAGE plpgsql
        AS $$BEGIN RAISE 'called as a superuser'; END$$;
    CREATE FUNCTION public.looks(n integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
        IF pg_catalog.inet_client_addr() IS NULL THEN
            CREATE EXTENSION citext WITH SCHEMA public;
            ALTER EXTENSION citext ADD FUNCTION public.my_post_restore();
        END IF;
        RETURN true;
    END$$;
    CREATE TABLE public.guarded (n integer CHECK (public.looks(n)));
    INSERT INTO public.guarded VALUES (1);
"""


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_a_function_that_a_dump_gives_to_an_extension_is_not_called_as_one_of_its_own(
    major: int, source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(source(major, CALLED_AFTERWARDS))
    restored = try_restore(read_back(vault, manifest), manifest, tools)
    assert (restored.rows, restored.remarks) == (1, ())
