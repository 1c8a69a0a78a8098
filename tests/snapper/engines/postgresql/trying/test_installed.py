"""A PostgreSQL that is installed on the machine is found, and used only for what it has more."""

from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying import installed as module
from snapper.engines.postgresql.trying.installed import (
    Programs,
    choices,
    first_with_all,
    installed,
    usable,
)
from snapper.engines.postgresql.trying.lacking import Lacking
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import BackupDamaged, RestoreFailed, SnapperError
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump
from tests.support.databases import job, query
from tests.support.engines import engines
from tests.support.recording import RecordedEvents

PLACES = module.PLACES
MAJORS = (14, 15, 16, 17, 18)


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Install the named programs of a major, in the only place that is looked at."""
    monkeypatch.setattr(module, "PLACES", (str(tmp_path / "postgresql-{major}"),))

    def make(major: int, *programs: str) -> Path:
        tree = tmp_path / f"postgresql-{major}"
        (tree / "bin").mkdir(parents=True)
        for name in programs:
            (tree / "bin" / name).touch()
        return tree

    return make


def test_a_server_is_found_where_its_programs_are(put: Callable[..., Path]) -> None:
    tree = put(15, "postgres", "initdb")
    put(16, "psql", "pg_dump")
    assert installed(15) == tree
    assert installed(16) is None, "only a client"
    assert installed(17) is None


def test_what_is_installed_comes_first_the_backups_major_next_and_an_older_one_never(
    put: Callable[..., Path],
) -> None:
    trees = {major: put(major, "postgres", "initdb") for major in (18, 14, 15)}
    assert choices(15, MAJORS) == (
        Programs(15, trees[15]),
        Programs(18, trees[18]),
        Programs(15),
        Programs(18, for_trials=True),
    )
    assert not usable(16, MAJORS[:-1]), "for 18 there is no client"


def test_beside_the_clients_of_a_layer_lies_the_only_server(
    put: Callable[..., Path], tmp_path: Path
) -> None:
    put(15, "postgres", "initdb")
    assert len(choices(15, MAJORS, tmp_path)) > 1, "a clone's clients have none"
    tree = tmp_path / "server"
    for name, text in (("bin/postgres", ""), ("share/postgres.bki", "# PostgreSQL 18\nmore")):
        (tree / name).parent.mkdir(parents=True)
        (tree / name).write_text(text)
    assert choices(15, MAJORS, tmp_path) == (Programs(18, tree),)


def lacking(_: Programs) -> str:
    raise Lacking("it", "no")


def test_the_first_that_has_it_all_is_taken() -> None:
    tried = []

    def attempt(programs: Programs) -> str:
        tried.append(programs.major)
        return lacking(programs) if programs.major < 16 else f"made by {programs.major}"

    assert first_with_all([Programs(each) for each in MAJORS], attempt) == "made by 16"
    assert tried == [14, 15, 16]


def test_what_a_newer_major_refuses_the_backups_own_may_take() -> None:
    def attempt(programs: Programs) -> str:
        if programs.major == 18:
            raise RestoreFailed("an operator is gone")
        return "made by its own"

    assert first_with_all([Programs(18), Programs(14)], attempt, own=14) == "made by its own"
    with pytest.raises(RestoreFailed, match="is gone"):
        first_with_all([Programs(18)], attempt, own=14)
    with pytest.raises(RestoreFailed, match="is gone"):
        first_with_all([Programs(18), Programs(14)], attempt, own=18)


def test_where_none_has_it_the_first_ones_words_are_told() -> None:
    def attempt(programs: Programs) -> str:
        raise Lacking(f"thing {programs.major}", "no")

    with pytest.raises(Lacking, match="thing 14 is missing"):
        first_with_all([Programs(14), Programs(15)], attempt)


@pytest.mark.parametrize(
    "error", [RestoreFailed("duplicate key", against_backup=True), BackupDamaged("a flipped bit")]
)
def test_what_another_one_finds_out_about_the_backup_is_told(error: SnapperError) -> None:
    def attempt(programs: Programs) -> str:
        if programs.major == 14:
            return lacking(programs)
        raise error

    with pytest.raises(type(error), match=str(error)):
        first_with_all([Programs(14), Programs(15)], attempt)


def test_one_that_does_not_start_hides_nothing() -> None:
    def attempt(programs: Programs) -> str:
        if programs.major == 14:
            return lacking(programs)
        raise SnapperError("PostgreSQL 15 did not start")

    with pytest.raises(Lacking):
        first_with_all([Programs(14), Programs(15)], attempt)


def test_an_installed_postgresql_serves_as_throw_away_server(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLACES", PLACES)
    found = [(major, tree) for major in MAJORS if (tree := installed(major))]
    if not found:
        pytest.skip("no PostgreSQL server is installed on this machine")
    major, tree = found[0]
    with PostgresServer(major, run_dir / "installed", tree=tree) as server:
        link = psycopg2.connect(server.dsn())
        with link.cursor() as cursor:
            cursor.execute("SHOW server_version")
            assert cursor.fetchone()[0].startswith(f"{major}.")
        link.close()


@pytest.mark.long
def test_icu_is_proven_where_an_installed_postgresql_has_it(
    run_dir: Path, vault: Vault, tools: ClientTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLACES", PLACES)
    found = [(major, tree) for major in MAJORS if (tree := installed(major))]
    if not found:
        pytest.skip("no PostgreSQL server is installed on this machine")
    major, tree = found[0]
    with PostgresServer(major, run_dir / "with icu", tcp=True, tree=tree) as server:
        if not query(server.dsn(), "SELECT 1 FROM pg_collation WHERE collname = 'de-x-icu'"):
            pytest.skip("this PostgreSQL has no ICU")
        query(
            server.dsn(),
            "CREATE COLLATION loose (provider = icu, deterministic = false,"
            " locale = 'und-u-ks-level2');"
            'CREATE TABLE words (w text COLLATE loose PRIMARY KEY, g text COLLATE "de-x-icu");'
            "INSERT INTO words VALUES ('a', 'ä'), ('b', 'b');"
            "CREATE TABLE other (w text COLLATE loose REFERENCES words);"
            "INSERT INTO other VALUES ('A')",
        )
        database = Database("orders", server.dsn(), 2)
        backup = Dumper(vault, RecordedEvents(), engines(tools)).dump(job(), database)
    assert backup is not None
    found_here = try_restore(Dump(vault, backup), backup, tools)
    assert (found_here.tables, found_here.rows, found_here.remarks) == (2, 3, ())
    monkeypatch.setattr(module, "PLACES", ())
    with pytest.raises(RestoreFailed, match="violates foreign key") as failed:
        try_restore(Dump(vault, backup), backup, tools)
    assert not failed.value.against_backup, "texts are equal there that are not here"
