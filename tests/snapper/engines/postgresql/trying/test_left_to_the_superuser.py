"""What a backup's own code makes or writes down never becomes the superuser's in the end."""

from collections.abc import Callable
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import PLAINLY
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import END_MARKER
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.restoring.restore import restore_as_new
from snapper.engines.postgresql.trying.confined import reader, restore_confined
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import read_back
from tests.support.databases import Source
from tests.support.faults import faulted
from tests.support.few import few

MakeBackup = Callable[[Source], Manifest]

pytestmark = pytest.mark.usefixtures("no_walls")


EVALUATED = """
    CREATE FUNCTION public.looks(n integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
        IF pg_catalog.inet_client_addr() IS NULL
            AND pg_catalog.current_setting('is_superuser') = 'on'
        THEN RAISE 'as a superuser'; END IF;
        RETURN true;
    END$$;
    CREATE DOMAIN public.looked AS integer CHECK (public.looks(VALUE));
    CREATE TABLE public.t AS SELECT 1 AS n;
    CREATE PUBLICATION p;
"""


@pytest.mark.parametrize(
    "forged",
    few(
        [
            "ALTER PUBLICATION p ADD TABLES IN SCHEMA public, TABLE public.t"
            " WHERE ('{1}'::public.looked[] IS NULL);",
            "CREATE PUBLICATION q FOR ALL TABLES WITH"
            " (publish = 'insert', x = ('1'::public.looked));",
            "GRANT SELECT ON TABLE public.t TO PUBLIC GRANTED BY '1'::public.looked;",
            "ALTER DEFAULT PRIVILEGES FOR ROLE PUBLIC GRANT ALL ON TABLES TO '1'::public.looked;",
        ]
    ),
)
def test_no_text_of_a_forged_dump_is_evaluated_by_a_superuser(
    forged: str,
    source: Callable[..., Source],
    back_up: MakeBackup,
    vault: Vault,
    tools: ClientTools,
) -> None:
    """The domain's CHECK would be called while the statement is read, before it is refused."""
    backup = back_up(source(18, EVALUATED))
    plain = b"".join(read_back(vault, backup))
    added = plain.replace(END_MARKER, b"\n" + forged.encode() + b"\n" + END_MARKER)
    assert added != plain
    with faulted("hostile code: in what a trial's superuser is asked to do"):
        failed: list[str] = []
        try:
            try_restore([added], backup, tools)
        except RestoreFailed as failure:
            failed.append(str(failure))
        assert "as a superuser" not in str(failed)


def test_what_a_true_dump_makes_while_it_is_restored_runs_as_nobody_in_the_end(
    source: Callable[..., Source],
    run_dir: Path,
    back_up: MakeBackup,
    vault: Vault,
    tools: ClientTools,
) -> None:
    """A function that a CHECK makes has no owner in the dump, and must not get the superuser."""
    made = source(
        18,
        """
        CREATE FUNCTION public.looks(n integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
            IF pg_catalog.inet_client_addr() IS NULL THEN
                EXECUTE 'CREATE OR REPLACE FUNCTION public.evil() RETURNS void SECURITY DEFINER'
                    ' LANGUAGE plpgsql AS $e$BEGIN IF (SELECT rolsuper FROM'
                    ' pg_catalog.pg_roles WHERE rolname = current_user)'
                    ' THEN RAISE ''with rights''; END IF; END$e$';
            END IF;
            RETURN true;
        END$$;
        CREATE FUNCTION public.once(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
            $$BEGIN
                IF pg_catalog.to_regprocedure('public.evil()') IS NOT NULL
                THEN PERFORM public.evil(); END IF;
                RETURN n;
            END$$;
        CREATE TABLE public.guarded (n integer CHECK (public.looks(n)));
        INSERT INTO public.guarded VALUES (1);
        CREATE INDEX ON public.guarded ((n + public.once(1)));
        """,
    )
    manifest = back_up(made)
    with PostgresServer.confining(18, run_dir / "as-the-demo") as server:
        with asking(Connection.parse(server.dsn()), redactor(server.dsn())) as cursor:
            cursor.execute("CREATE ROLE postgres")  # as the demo makes the source's roles
        target = server.dsn("copy")
        dump, recorded = read_back(vault, manifest), Recorded.of(manifest)
        restore_as_new(dump, recorded, target, PLAINLY, restore_confined)
        with (
            reader(Connection.parse(target), redactor(target)) as reading,
            asking(reading, redactor(target)) as cursor,
        ):
            cursor.execute("SELECT count(*) FROM public.guarded")
            assert cursor.fetchone() == (1,)
            cursor.execute("SELECT count(*) FROM pg_catalog.pg_proc WHERE proname = 'evil'")
            assert cursor.fetchone() == (1,)
