"""A restore gives back exactly what was dumped, or changes nothing at all."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest

from snapper.engines.facts import PLAINLY
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.rehearse import rehearse
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import BackupDamaged, RestoreFailed, SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from snapper.verbs.rehearse import aftermath
from snapper.verbs.restore import restore, restore_as_new
from tests.support.cloud_server import everywhere
from tests.support.databases import AT, Source, job
from tests.support.engines import postgresql
from tests.support.few import few
from tests.support.restores import (
    DAMAGES,
    EMPTY,
    NOISE,
    awkward,
    damage,
    exists,
    plain_dump,
    unfinished,
)

Server = Callable[[int], PostgresServer]


@pytest.fixture
def back_up(dumper: Dumper) -> Callable[..., Manifest]:
    def make(source: Source, hours: int = 0) -> Manifest:
        manifest = dumper.dump(job(AT + timedelta(hours=hours)), source.database())
        assert manifest is not None
        return manifest

    return make


@pytest.mark.parametrize("major", few([18, 14, 15, 16, 17]))
def test_a_restored_database_dumps_as_its_source_does(
    major: int,
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = awkward(source, server(major))
    manifest = back_up(made)
    before = plain_dump(tools, major, made.dsn)
    assert before.count(b"\n") > 1000

    target = server(major).dsn(f"{made.name} anew")
    restore_as_new(dumper.vault, manifest, target, postgresql(tools))
    assert plain_dump(tools, major, target) == before

    emptied = source(major, EMPTY)
    restore(dumper.vault, manifest, emptied.dsn, postgresql(tools))
    assert plain_dump(tools, major, emptied.dsn) == before
    assert unfinished(server(major)) == []


def test_a_newer_major_takes_the_backup_of_an_older_one(
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = back_up(source(14, "CREATE TABLE t AS SELECT generate_series(1, 10) AS n"))
    target = Source(server(18), "from fourteen")
    restore_as_new(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT sum(n) FROM t") == [(55,)]


def test_a_damaged_object_changes_nothing(
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = back_up(source(17, NOISE.replace("200", "20")))
    whole = dumper.vault.read(manifest.dump_key)
    target = source(17, "CREATE TABLE mine AS SELECT 1 AS n")
    there = "SELECT relname FROM pg_class WHERE relname IN ('mine', 'noise')"
    for name, change in DAMAGES.items():
        dumper.vault.put(manifest.dump_key, change(whole))
        with pytest.raises(BackupDamaged, match=r"what was stored|not a complete gzip"):
            restore(dumper.vault, manifest, target.dsn, postgresql(tools))
        assert target.rows(there) == [("mine",)], name
        with pytest.raises(BackupDamaged):
            restore_as_new(dumper.vault, manifest, server(17).dsn("of damage"), postgresql(tools))
        assert not exists(server(17), "of damage"), name
        assert unfinished(server(17)) == [], name


@everywhere()
def test_the_object_of_another_backup_is_refused(
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest, other = back_up(source()), back_up(source(), hours=1)
    damage(dumper.vault, manifest, lambda _: dumper.vault.read(other.dump_key))
    target = source(17, EMPTY)
    with pytest.raises(BackupDamaged, match="is not what was stored"):
        restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT relname FROM pg_class WHERE relname = 't'") == []


def test_a_command_for_the_shell_in_a_forged_dump_is_refused(
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
    tmp_path: Path,
) -> None:
    witness = tmp_path / "witness"
    command = b"\\! touch " + bytes(witness) + b"\n"
    manifest = back_up(source())
    plain = gzip.decompress(dumper.vault.read(manifest.dump_key))
    # So much behind it that psql has read the command long before all of the dump was checked.
    padding = b"SELECT 1;\n" * 400_000
    for forged in (command + plain, plain + b"\\unrestrict x\n" + command):
        target = source(17, EMPTY)
        with pytest.raises(SnapperError, match=r"a command of psql|unrestrict"):
            postgresql(tools).restore([forged, padding], manifest, target.dsn, PLAINLY)
        assert not witness.exists()


@everywhere()
def test_an_sql_error_at_the_very_end_leaves_nothing(
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    # The index was built before its function came to fail, so pg_dump sees nothing of it.
    function = "CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS"
    made = source(
        17,
        f"CREATE TABLE t AS SELECT 1 AS n; SELECT lo_from_bytea(4711, 'large');"
        f"{function} 'SELECT $1'; CREATE INDEX ON t (f(n)); {function} 'SELECT 1/0'",
    )
    manifest = back_up(made)
    target = source(17, EMPTY)
    with pytest.raises(RestoreFailed, match=r"at line \d+ of the dump: index .*: division by zero"):
        restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT relname FROM pg_class WHERE relname = 't'") == []
    assert target.rows("SELECT oid FROM pg_largeobject_metadata") == []
    with pytest.raises(RestoreFailed):
        restore_as_new(dumper.vault, manifest, made.beside("of an error").dsn, postgresql(tools))
    assert not exists(made.server, "of an error")
    assert unfinished(made.server) == []


def _once(action: Callable[[], None]) -> Callable[[int], None]:
    """Make a progress that acts when the restore is well under way."""
    done: list[int] = []

    def progress(count: int) -> None:
        if not done and count > 1 << 20:
            done.append(count)
            action()

    return progress


@pytest.mark.long
def test_a_session_that_is_ended_midway_leaves_nothing(
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = back_up(source(17, NOISE))
    target = source(17, EMPTY)

    def cut() -> None:
        Source(target.server, "postgres").run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{target.name}'"
        )

    before = rehearse(target.dsn, manifest, tools, may_create=False)
    with pytest.raises(RestoreFailed, match="terminating connection") as failure:
        restore(dumper.vault, manifest, target.dsn, postgresql(tools), _once(cut))
    assert "its log says why" in failure.value.hint
    assert "is as it was" in aftermath(postgresql(tools), target.dsn, before)
    assert target.rows("SELECT relname FROM pg_class WHERE relname = 'noise'") == []


@pytest.mark.long
@pytest.mark.parametrize("new", [False, True], ids=["existing", "new"])
def test_a_server_that_dies_midway_is_told_as_it_is(
    new: bool,
    run_dir: Path,
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = back_up(source(17, NOISE))
    with PostgresServer(17, run_dir / f"dying-{new}") as dying:
        if not new:
            Source(dying, "postgres").run("CREATE DATABASE target")
        target = dying.dsn("target")
        before = rehearse(target, manifest, tools, may_create=True)
        run = restore_as_new if new else restore
        with pytest.raises(RestoreFailed, match=r"the session ended|cannot connect") as failure:
            run(dumper.vault, manifest, target, postgresql(tools), _once(dying.crash))
        words = aftermath(postgresql(tools), target, before)
        assert "does not answer now" in words
        notes = getattr(failure.value, "__notes__", [])
        assert any("may be left, named snapper-unfinished-" in note for note in notes) == new
        dying.start()
        back = dying.dsn("target")
        assert ("is not there" if new else "is as it was") in aftermath(
            postgresql(tools), back, before
        )
        warned = rehearse(back, manifest, tools, may_create=True).warnings
        assert any("snapper-unfinished-" in warning for warning in warned) == new


@pytest.mark.long
def test_more_tables_than_a_transaction_can_lock_fit_into_a_new_database(
    run_dir: Path,
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    """As 3,000 tables do to a server with the usual settings."""
    many = """DO $$ BEGIN FOR n IN 1..300 LOOP
        EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, words text)', n);
    END LOOP; END $$"""
    manifest = back_up(source(17, many))
    few = {"max_locks_per_transaction": "10", "max_connections": "10"}
    with PostgresServer(17, run_dir / "few-locks", settings=few) as server:
        target = Source(server, "restored")
        restore_as_new(dumper.vault, manifest, target.dsn, postgresql(tools))
        count = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 't%'"
        assert target.rows(count) == [(300,)]
        Source(server, "postgres").run("CREATE DATABASE existing")
        existing = Source(server, "existing")
        with pytest.raises(RestoreFailed, match="out of shared memory") as failure:
            restore(dumper.vault, manifest, existing.dsn, postgresql(tools))
        assert "--create" in failure.value.hint
        assert existing.rows(count) == [(0,)]


def test_a_name_that_is_taken_in_the_meantime_is_not_taken_over(
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = back_up(source())
    taken = source(17, "CREATE TABLE mine AS SELECT 1 AS n")
    with pytest.raises(SnapperError, match="already exists"):
        restore_as_new(dumper.vault, manifest, taken.dsn, postgresql(tools))
    assert taken.rows("SELECT n FROM mine") == [(1,)]
    # What was restored is whole, and not thrown away.
    (kept,) = unfinished(server(17))
    whole = Source(server(17), str(kept))
    assert whole.rows("SELECT n FROM t") == [(1,)]
    Source(server(17), "postgres").run(f'DROP DATABASE "{kept}"')


def test_the_targets_password_is_in_no_word_of_an_error(
    source: Callable[..., Source],
    back_up: Callable[..., Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source()
    manifest = replace(back_up(made), dump_bytes=1)
    wrong = made.dsn.replace("p%40ss", "wr0ng%40secret")
    with pytest.raises(SnapperError) as failure:
        restore(dumper.vault, manifest, wrong, postgresql(tools))
    assert "wr0ng" not in str(failure.value)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(wrong)
