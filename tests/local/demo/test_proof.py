"""What the proof does where the bundled PostgreSQL has not got what a backup needs."""

import gzip
import hashlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local.demo.chapter import Chapter
from local.demo.fault import Fault
from local.demo.proof import ProofServers, prove
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying import installed
from snapper.errors import DumpFailed
from snapper.values.manifest import Manifest
from tests.support.databases import Source
from tests.support.installed import STAND_IN, install
from tests.support.manifests import manifest
from tests.support.properties import properties_of
from tests.support.restores import flip, plain_dump

MAJOR = 16
BEFORE = b"SET row_security = off;\n"
NEEDS = f"CREATE EXTENSION IF NOT EXISTS {STAND_IN} WITH SCHEMA public;\n"


@pytest.fixture
def proofs(run_dir: Path) -> Iterator[ProofServers]:
    with ProofServers(run_dir / f"proofs-{secrets.token_hex(4)}") as servers:
        yield servers


@pytest.fixture
def backup(vault: Vault, tools: ClientTools) -> Callable[..., Manifest]:
    """Give a backup of a database; with `more` where its SQL would have an extension."""

    def make(source: Source, more: str = "") -> Manifest:
        dump = plain_dump(tools, MAJOR, source.dsn)
        dump = dump.replace(BEFORE, BEFORE + more.encode())
        packed = gzip.compress(dump)
        made = manifest(
            server_version=f"{MAJOR}.1",
            encoding="UTF8",
            properties=properties_of(source),
            dump_bytes=len(dump),
            backup_bytes=len(packed),
            sha256=hashlib.sha256(packed).hexdigest(),
        )
        vault.put(made.dump_key, packed)
        return made

    return make


def chapter_of(source: Source, vault: Vault, tools: ClientTools, proofs: ProofServers) -> Chapter:
    pipeline = SimpleNamespace(vault=vault, pruned=lambda _: (), handed_over=lambda _: {})
    return Chapter(source.database(), False, cast("Any", pipeline), tools, proofs)


@pytest.mark.long
def test_an_installed_postgresql_takes_the_place_of_one_that_lacks_something(
    source: Callable[..., Source],
    backup: Callable[..., Manifest],
    vault: Vault,
    tools: ClientTools,
    proofs: ProofServers,
    run_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The newer major is the one that is installed here."""
    made = source(MAJOR)
    newest = backup(made, NEEDS)
    monkeypatch.setattr(installed, "PLACES", (install(run_dir / "has it", MAJOR + 1),))
    proof = prove(made.dsn, newest, vault, tools, proofs)
    assert f"PostgreSQL {MAJOR + 1} in {run_dir}" in proof.notes[0]
    assert "which has what the bundled one lacks" in proof.notes[0]
    assert (proof.comparison.tables, proof.comparison.rows) == (1, 1)
    # The source of this test has no such extension, so the comparison finds it, and nothing else.
    assert all(STAND_IN in difference for difference in proof.comparison.differences)


def test_what_no_server_here_has_is_told_of_one_database_with_its_name(
    source: Callable[..., Source],
    backup: Callable[..., Manifest],
    vault: Vault,
    tools: ClientTools,
    proofs: ProofServers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = source(MAJOR)
    chapter = chapter_of(made, vault, tools, proofs)
    chapter._prove(backup(made, NEEDS))
    (fault,) = chapter.faults
    assert fault.fact == (
        "the backup is sound, but cannot be restored here: "
        f"{STAND_IN} is missing in the throw-away PostgreSQL"
    )
    assert f"install a PostgreSQL {MAJOR} or newer that has it" in fault.hint
    assert "bin/snapper verify orders --restore --on CONNECTION" in fault.hint
    report = chapter.report(2)
    assert report.missing == STAND_IN
    assert not report.restored
    assert "psql" not in str(fault)


@pytest.mark.long
def test_a_damaged_backup_is_not_called_sound_for_want_of_an_extension(
    source: Callable[..., Source],
    backup: Callable[..., Manifest],
    vault: Vault,
    tools: ClientTools,
    proofs: ProofServers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = source(MAJOR)
    # Random bytes behind what fails, so that the damage is not read before.
    noise = "".join(hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(40_000))
    newest = backup(made, f"{NEEDS}-- {noise}\n")
    vault.put(newest.dump_key, flip(vault.read(newest.dump_key)))
    chapter = chapter_of(made, vault, tools, proofs)
    with chapter._noting_faults():
        chapter._prove(newest)
    (fault,) = chapter.faults
    assert isinstance(fault, Fault)
    assert "sound" not in fault.fact
    assert newest.dump_key in fault.fact


@pytest.mark.long
def test_a_comparison_that_fails_does_not_undo_the_restore(
    source: Callable[..., Source],
    backup: Callable[..., Manifest],
    vault: Vault,
    tools: ClientTools,
    proofs: ProofServers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = source(MAJOR)
    newest = backup(made)

    def lost(*_: str) -> None:
        raise DumpFailed("the definitions cannot be read: gone")

    monkeypatch.setattr("local.demo.proof.compare_definitions", lost)
    comparison = prove(made.dsn, newest, vault, tools, proofs).comparison
    assert comparison.unread == (Fault("the definitions cannot be read: gone"),)
    assert not comparison.identical


def test_a_proof_runs_no_function_of_the_source_as_a_superuser_and_is_whole_all_the_same(
    source: Callable[..., Source],
    backup: Callable[..., Manifest],
    vault: Vault,
    tools: ClientTools,
    proofs: ProofServers,
) -> None:
    """The source is reached by TCP, the server of the proof is not."""
    made = source(
        MAJOR,
        """
        CREATE SCHEMA extensions; CREATE EXTENSION pg_stat_statements WITH SCHEMA extensions;
        COMMENT ON EXTENSION pg_stat_statements IS 'of ours';
        CREATE FUNCTION public.once(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql
            AS $$BEGIN
                IF pg_catalog.inet_client_addr() IS NULL
                    AND pg_catalog.current_setting('is_superuser') = 'on'
                THEN RAISE 'as a superuser'; END IF;
                RETURN n;
            END$$;
        CREATE TABLE public.t (n integer CHECK (public.once(n) > 0));
        INSERT INTO public.t VALUES (1), (2);
        CREATE INDEX ON public.t ((n + public.once(1)));
        CREATE MATERIALIZED VIEW public.seen AS SELECT public.once(n) FROM public.t;
        SELECT pg_catalog.lo_from_bytea(0, 'kept');
        CREATE FUNCTION public.frozen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER none ON ddl_command_start EXECUTE FUNCTION public.frozen();
        CREATE PUBLICATION everything FOR ALL TABLES;
        GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO PUBLIC;
        """,
    )
    proof = prove(made.dsn, backup(made), vault, tools, proofs)
    assert (proof.comparison.tables, proof.comparison.rows) == (2, 4)
    assert proof.comparison.large_objects == 1
    assert proof.comparison.identical
    assert proof.notes == ()


@pytest.mark.long
def test_a_view_that_is_not_filled_here_or_has_grown_old_is_told_of_and_is_no_difference(
    source: Callable[..., Source],
    backup: Callable[..., Manifest],
    vault: Vault,
    tools: ClientTools,
    proofs: ProofServers,
) -> None:
    made = source(
        MAJOR,
        """
        CREATE TABLE t AS SELECT 1 AS n;
        CREATE MATERIALIZED VIEW a_superusers AS SELECT count(*) FROM pg_authid;
        CREATE MATERIALIZED VIEW old AS SELECT n FROM t; INSERT INTO t VALUES (2);
        """,
    )
    proof = prove(made.dsn, backup(made), vault, tools, proofs)
    assert proof.comparison.identical
    told, old = proof.notes
    assert "public.a_superusers: it stays unfilled: permission denied" in told
    assert "materialized view public.old was filled anew" in old
