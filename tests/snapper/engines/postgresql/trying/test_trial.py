"""A backup tried on its own: every name is found again, and nothing of the trial is left."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import psycopg2
import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import DatabaseUnreachable, RestoreFailed
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump, read_back
from tests.support.appended import appended
from tests.support.databases import Source, job
from tests.support.engines import engines
from tests.support.few import few
from tests.support.recording import RecordedEvents

LONG = pytest.mark.long
MakeBackup = Callable[..., Manifest]


@pytest.fixture
def back_up(vault: Vault, tools: ClientTools) -> MakeBackup:
    """Give the backup of a database; with `more` at the end of its SQL, as if dumped with it."""

    def make(source: Source, more: str = "") -> Manifest:
        manifest = Dumper(vault, RecordedEvents(), engines(tools)).dump(job(), source.database())
        assert manifest is not None
        return appended(vault, manifest, more)

    return make


FOR_SUPERUSERS = r"""
CREATE FUNCTION public.c(text) RETURNS int LANGUAGE internal AS 'textlen';
CREATE VIEW public.v AS SELECT public.c('x');
CREATE TYPE public.base;
CREATE TYPE public.base (
    INPUT = public.base_in,
    OUTPUT = public.base_out
);
CREATE TABLE public.of_base (
    b public.base
);
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
COPY public.of_base (b) FROM stdin;
1
\.

CREATE INDEX i ON public.of_base USING btree (b);
"""


def evaluated(expression: str) -> str:
    """Have an expression evaluated in the one way in which a dump can: for a row that it holds."""
    return (
        f"CREATE TABLE public.evaluated (n int CHECK ({expression} IS NULL));\n"
        "COPY public.evaluated (n) FROM stdin;\n1\n\\.\n"
    )


def encoded(source: Callable[..., Source], encoding: str, *names: bytes) -> Source:
    """Make a database of an encoding with tables of these names, of one row each."""
    server = source(17).server
    made = Source(server, f"tried in {encoding}")
    Source(server, "postgres").run(
        f"CREATE DATABASE {quoted(made.name)} TEMPLATE template0 ENCODING '{encoding}'"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    link = psycopg2.connect(made.dsn)
    try:
        for name in names:
            link.cursor().execute(b'CREATE TABLE "' + name + b'" AS SELECT 1 AS n')
        link.commit()
    finally:
        link.close()
    return made


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        pytest.param("LATIN1", ["tä".encode("latin-1")], marks=LONG),
        pytest.param("WIN1252", [b"10 \x80"], marks=LONG),
        ("SQL_ASCII", ["tä".encode(), b"t\xe4", rb"t\xe4"]),
    ],
)
def test_tables_of_whatever_name_and_encoding_are_counted(
    encoding: str,
    names: list[bytes],
    source: Callable[..., Source],
    back_up: MakeBackup,
    vault: Vault,
    tools: ClientTools,
) -> None:
    manifest = back_up(encoded(source, encoding, *names))
    restored = try_restore(read_back(vault, manifest), manifest, tools)
    assert (restored.tables, restored.rows) == (len(names), len(names))


@pytest.mark.parametrize("is_once", few([True, False]), ids=["on-one-server", "on-any-of-some"])
def test_what_is_built_upon_what_only_a_superuser_may_make_is_left_out_and_named(
    is_once: bool,
    source: Callable[..., Source],
    back_up: MakeBackup,
    vault: Vault,
    tools: ClientTools,
) -> None:
    manifest = back_up(source(18), FOR_SUPERUSERS)
    dump = read_back(vault, manifest) if is_once else Dump(vault, manifest)
    found = try_restore(dump, manifest, tools)
    assert (found.tables, found.rows) == (1, 1)
    assert found.remarks[0] == (
        "restored but for what only a superuser may make: 1 table, 1 server, 1 type, 1 view"
    )
    assert found.proof is not None
    assert found.proof.lacking is not None
    assert found.proof.lacking.tables == ("public.of_base",)
    assert found.proof.lacking.denied == (
        "foreign data wrapper w",
        "function public.c",
        "type public.base",
    )


@pytest.mark.parametrize(
    "needs",
    few(
        [
            "CREATE VIEW public.v AS SELECT public.another('x')",
            "CREATE TABLE public.made (b public.other_type)",
            "CREATE SERVER s FOREIGN DATA WRAPPER other",
        ]
    ),
)
def test_what_is_missed_for_another_reason_is_none_of_that(
    needs: str, source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(source(18), f"{FOR_SUPERUSERS}{needs};\n")
    with pytest.raises(RestoreFailed, match="does not exist"):
        try_restore(read_back(vault, manifest), manifest, tools)


def test_another_error_is_not_taken_for_a_lack(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(source(18), evaluated("1/0"))
    with pytest.raises(RestoreFailed) as failed:
        try_restore(read_back(vault, manifest), manifest, tools)
    assert "not at fault" not in failed.value.hint
    assert failed.value.against_backup


def test_an_extension_whose_schema_an_option_leaves_out_is_missed_in_a_trial_too(
    source: Callable[..., Source], vault: Vault, tools: ClientTools
) -> None:
    made = source(18, "CREATE SCHEMA lib; CREATE EXTENSION hstore SCHEMA lib")
    database = replace(made.database(), options=Options(exclude_schemas=("lib",)))
    manifest = Dumper(vault, RecordedEvents(), engines(tools)).dump(job(), database)
    assert manifest is not None
    with pytest.raises(RestoreFailed, match='schema "lib" does not exist'):
        try_restore(read_back(vault, manifest), manifest, tools)


@pytest.mark.parametrize(
    "ended",
    few(
        [
            "SET statement_timeout = 1;\n" + evaluated("pg_catalog.pg_sleep(300)"),
            # It hears of it while it sleeps, and not after the CHECK has failed.
            evaluated(
                "(pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())"
                " AND pg_catalog.pg_sleep(300)::text = '')"
            ),
        ]
    ),
)
def test_what_ended_the_session_is_not_held_against_the_backup(
    ended: str, source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(source(18), ended)
    with pytest.raises(RestoreFailed) as failed:
        try_restore(read_back(vault, manifest), manifest, tools)
    assert not failed.value.against_backup


def left(server: Source) -> tuple[object, object]:
    return (
        server.rows("SELECT datname FROM pg_database ORDER BY 1"),
        server.rows("SELECT rolname FROM pg_roles ORDER BY 1"),
    )


@pytest.mark.parametrize("more", few(["", evaluated("1/0")]), ids=["whole", "failing"])
def test_on_a_server_of_ones_own_nothing_is_left_whether_it_went_well_or_not(
    more: str, source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    made = source(17)
    made.run("CREATE ROLE elsewhere_only; ALTER TABLE t OWNER TO elsewhere_only")
    manifest = back_up(made, more)
    made.run("DROP OWNED BY elsewhere_only; DROP ROLE elsewhere_only")
    own = Source(source(18).server, "postgres")
    before = left(own)
    with suppress(RestoreFailed):
        restored = try_restore(read_back(vault, manifest), manifest, tools, server=own.dsn)
        assert (restored.tables, restored.rows) == (1, 1)
        assert not more
    assert left(own) == before


def test_the_database_that_a_server_of_ones_own_is_named_with_is_not_touched(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(source(17))
    nowhere = Source(source(18).server, "nowhere to be found")
    assert try_restore(read_back(vault, manifest), manifest, tools, server=nowhere.dsn).rows == 1


def test_an_unreachable_server_of_ones_own_is_named_without_its_password(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(source())
    with pytest.raises(DatabaseUnreachable) as failed:
        try_restore(
            read_back(vault, manifest),
            manifest,
            tools,
            server="postgresql://u:hush@127.0.0.1:1/own",
        )
    assert "127.0.0.1:1/own" in str(failed.value)
    assert "unfinished" not in str(failed.value)
    assert "hush" not in str(failed.value) + failed.value.hint


def test_what_could_not_be_dropped_is_told(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    """The server is told to let nobody in while the restore is under way."""
    own = source(17)
    manifest = back_up(own)
    login = quoted("once only")
    Source(own.server, "postgres").run(f"CREATE ROLE {login} LOGIN CREATEDB PASSWORD 'pw'")
    dsn = f"postgresql://once%20only:pw@127.0.0.1:{own.server.port}/postgres"

    def shut(_: int) -> None:
        Source(own.server, "postgres").run(f"ALTER ROLE {login} NOLOGIN")
        raise RestoreFailed("it broke")

    try:
        with pytest.raises(RestoreFailed, match="it broke") as failed:
            try_restore(read_back(vault, manifest, shut), manifest, tools, server=dsn)
        assert any("may be left" in note for note in failed.value.__notes__)
    finally:
        for (name,) in own.rows("SELECT datname FROM pg_database WHERE datname LIKE 'snapper-%'"):
            Source(own.server, "postgres").run(f"DROP DATABASE {quoted(str(name))}")
        Source(own.server, "postgres").run(f"DROP ROLE {login}")
