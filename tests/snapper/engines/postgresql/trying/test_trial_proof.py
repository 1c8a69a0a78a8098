"""A trial proves what it is told to, against the backup on whichever major, and says what not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import TrialOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.lacking import Disproven
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.values.contents import Contents
from snapper.values.manifest import Manifest
from snapper.values.parts import TableRows
from snapper.values.proof import Lacking, Proof
from snapper.values.verification import Restored
from snapper.verbs.restore import Dump, read_back
from tests.snapper.engines.postgresql.loading.test_astray import ASTRAY
from tests.support.appended import appended
from tests.support.databases import Source
from tests.support.few import few
from tests.support.installed import STAND_IN, install
from tests.support.restores import unfinished

LONG = pytest.mark.long
BackUp = Callable[[Source], Manifest]
Try = Callable[..., Restored]


def listing(**rows: int) -> Contents:
    tables = (TableRows("public", name, n, 1, 1, 1, "ab" * 32) for name, n in rows.items())
    return Contents("ab" * 32, tuple(tables), ())


@pytest.fixture
def tried(vault: Vault, tools: ClientTools) -> Try:
    def go(manifest: Manifest, on: str = "", **options: object) -> Restored:
        wanted = TrialOptions(**options)  # type: ignore[arg-type]
        return try_restore(Dump(vault, manifest), manifest, tools, on, wanted)

    return go


def test_rows_are_compared_and_assertions_kept(
    source: Callable[..., Source], back_up: BackUp, tried: Try
) -> None:
    manifest = back_up(source(17))
    asserted = ("SELECT count(*) = 1 FROM t", "SELECT current_setting('is_superuser') = 'off'")
    found = tried(manifest, contents=listing(t=1), assertions=asserted)
    assert found.proof is not None
    assert found.proof == Proof(found.proof.server, 1, asserted)
    assert found.proof.server.startswith("17.")
    assert found.remarks == ()


def test_of_a_backup_without_a_list_that_is_said(
    source: Callable[..., Source], back_up: BackUp, tried: Try
) -> None:
    """As those of earlier releases are."""
    found = tried(replace(back_up(source(17)), contents=""))
    assert found.proof is not None
    assert found.proof.compared is None
    assert found.remarks == (
        "its rows are counted and not compared, for the backup has no list of its contents",
    )


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (listing(t=2), r"public\.t has 1 rows, and 2 are listed"),
        (listing(t=1, lost=9), r"public\.lost is not there, and 9 rows are listed"),
    ],
)
@pytest.mark.parametrize("on", few([False, True]), ids=["its own major", "a newer one"])
def test_other_rows_are_held_against_the_backup_on_whichever_major(
    on: bool,
    contents: Contents,
    why: str,
    source: Callable[..., Source],
    back_up: BackUp,
    tried: Try,
) -> None:
    manifest, server = back_up(source(14)), source(18).server
    with pytest.raises(Disproven, match=why) as failed:
        tried(manifest, server.dsn() if on else "", contents=contents)
    assert failed.value.against_backup
    assert unfinished(server) == []


def test_so_is_what_is_asserted_and_on_a_server_of_ones_own_no_superuser_asks(
    source: Callable[..., Source], back_up: BackUp, tried: Try
) -> None:
    manifest, server = back_up(source(14)), source(18).server
    own = Source(server, "postgres")
    roles = own.rows("SELECT rolname FROM pg_roles ORDER BY 1")
    holds = "SELECT current_setting('is_superuser') = 'off'"
    tried(manifest, server.dsn(), assertions=(holds,))
    with pytest.raises(Disproven, match=r"SELECT count.* = 2 FROM t: it gives false") as failed:
        tried(manifest, server.dsn(), assertions=(holds, "SELECT count(*) = 2 FROM t"))
    assert failed.value.against_backup
    assert own.rows("SELECT rolname FROM pg_roles ORDER BY 1") == roles
    assert unfinished(server) == []


def test_rows_that_went_into_another_partition_are_not_missed(
    source: Callable[..., Source], back_up: BackUp, tried: Try
) -> None:
    contents = listing(**{"Part 1": 2, "of_part_2": 0, "t": 1})
    found = tried(back_up(source(17, f"{ASTRAY} CREATE TABLE t AS SELECT 1")), contents=contents)
    assert found.proof is not None
    assert found.proof.compared == 3
    assert "are not within the bounds of their partition here" in found.remarks[0]


@pytest.mark.long
@pytest.mark.parametrize("major", [pytest.param(14, marks=LONG), 18])
def test_an_extension_that_the_server_lacks_is_left_out_and_named(
    major: int, source: Callable[..., Source], back_up: BackUp, vault: Vault, tried: Try
) -> None:
    more = "CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\n"
    manifest = appended(vault, back_up(source(major)), more)
    found = tried(manifest)
    assert (found.tables, found.rows) == (1, 1)
    assert found.remarks[0] == "restored but for postgis"
    assert found.proof is not None
    assert found.proof.lacking == Lacking(("postgis",))


@pytest.mark.long
def test_a_table_that_the_dump_does_not_make_is_named_though_it_may_be_an_extensions(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, tried: Try
) -> None:
    more = "CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\n"
    lost = 'COPY "public"."lost" ("a") FROM stdin;\n1\n\\.\n'
    found = tried(appended(vault, back_up(source(18)), more + lost), contents=listing(t=1, lost=1))
    assert found.remarks[1].startswith("not proven are rows of tables that the dump does not make")
    assert found.remarks[1].endswith(": public.lost")


@pytest.mark.long
def test_where_the_backups_own_major_lacks_one_the_server_for_trials_may_have_it(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, tried: Try
) -> None:
    more = "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;\n"
    found = tried(appended(vault, back_up(source(17)), more))
    assert found.proof is not None
    assert found.proof.lacking is None
    assert found.proof.server.startswith("18.")


@pytest.mark.long
def test_what_one_server_lacks_is_tried_on_another_that_is_installed_here(
    source: Callable[..., Source],
    back_up: BackUp,
    vault: Vault,
    tools: ClientTools,
    tried: Try,
    run_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = f"CREATE EXTENSION {STAND_IN} WITH SCHEMA public;\n"
    manifest = appended(vault, back_up(source(16)), more)
    without = f"restored but for {STAND_IN}"
    assert tried(manifest).remarks[0] == without
    place = install(run_dir / "for trials", 17)
    monkeypatch.setattr("snapper.engines.postgresql.trying.installed.PLACES", (place,))
    found = tried(manifest)
    assert (found.tables, found.rows) == (1, 1)
    assert without not in found.remarks
    monkeypatch.setattr("snapper.engines.postgresql.trying.installed.PLACES", ())
    once = read_back(vault, manifest)  # which cannot be read again
    assert try_restore(once, manifest, tools).remarks[0] == without
