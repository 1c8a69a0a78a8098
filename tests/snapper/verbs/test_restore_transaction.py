"""A restore into a database that is there is one transaction, whatever its dump holds."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from snapper.engines.facts import PLAINLY, UNSURE, Rehearsal
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.errors import BackupDamaged, RestoreFailed, SnapperError
from snapper.verbs.dump import Dumper
from snapper.verbs.rehearse import aftermath
from snapper.verbs.restore import restore
from tests.support.cloud_server import everywhere
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.restores import EMPTY, damage

# Read line by line, the function's body begins rows that never end, and hides the COMMIT behind it.
LOOKS_LIKE_ROWS = """
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $body$SELECT '
COPY x FROM stdin;
SET default_tablespace = fast;
'::text$body$;
SELECT lo_from_bytea(0, 'abc') FROM generate_series(1, 20);
"""


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_a_damaged_backup_of_functions_and_large_objects_leaves_nothing(
    major: int,
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = dumper.dump(job(), source(major, LOOKS_LIKE_ROWS).database())
    assert manifest is not None
    whole = dumper.vault.read(manifest.dump_key)
    dumper.vault.put(manifest.dump_key, whole + b"\0")
    target = source(major, EMPTY)
    with pytest.raises(BackupDamaged):
        restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT count(*) FROM pg_largeobject_metadata") == [(0,)]

    dumper.vault.put(manifest.dump_key, whole)
    restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT count(*) FROM pg_largeobject_metadata") == [(20,)]
    assert target.rows("SELECT f()") == [
        ("\nCOPY x FROM stdin;\nSET default_tablespace = fast;\n",)
    ]


@pytest.mark.parametrize(
    "ending", few(["COMMIT ;", "/**/COMMIT;", "COMMIT\n;", "END; ", "ABORT;", "x"], 2)
)
def test_of_a_backup_that_was_changed_nothing_is_sent(
    ending: str, source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    with faulted("restore: an object that commits by itself"):
        backed = source(17, "CREATE TABLE t AS SELECT 1 AS n").database()
        manifest = dumper.dump(job(), backed)
        assert manifest is not None
        target = source(17, "CREATE TABLE precious AS SELECT 1 AS n")
        harm = f"UPDATE public.precious SET n = 2;\n{ending};\n"
        damage(dumper.vault, manifest, lambda _: gzip.compress(harm.encode()))
        sent: list[int] = []
        with pytest.raises(BackupDamaged):
            restore(dumper.vault, manifest, target.dsn, postgresql(tools), sent.append)
        assert sent == []
        assert target.rows("SELECT n FROM precious") == [(1,)]


@everywhere()
def test_a_folder_without_room_is_told_and_nothing_is_sent(
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = dumper.dump(job(), source(17, "CREATE TABLE t ()").database())
    assert manifest is not None
    target = source(17, EMPTY)
    sent: list[int] = []
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115  closed by who uses it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
    with pytest.raises(SnapperError, match=r"cannot be kept in .*: No space left") as failed:
        restore(dumper.vault, manifest, target.dsn, postgresql(tools), sent.append)
    assert "set TMPDIR" in failed.value.hint
    assert sent == []


@pytest.mark.parametrize(("cut", "unsure"), [(b"COMMIT", True), (b"CREATE", False)])
def test_only_where_the_commit_was_sent_it_is_unsure_what_became_of_it(
    cut: bytes,
    unsure: bool,
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = dumper.dump(job(), source(17, EMPTY).database())
    assert manifest is not None
    run = StatementRunner.run

    def lost(runner: StatementRunner, statement: bytes) -> list[str]:
        if cut in statement:
            raise psycopg2.OperationalError("server closed the connection unexpectedly")
        return run(runner, statement)

    monkeypatch.setattr(StatementRunner, "run", lost)
    target = source(17, "CREATE TABLE mine ()")
    engine, before = postgresql(tools), Rehearsal("here", None, False, (), (), "17.0")
    before = replace(before, content=engine.content(target.dsn))
    with pytest.raises(RestoreFailed) as failed:
        engine.restore([b"CREATE TABLE t ();\n"], manifest, target.dsn, PLAINLY)
    assert (UNSURE in getattr(failed.value, "__notes__", ())) == unsure
    words = aftermath(engine, target.dsn, before, unsure=unsure)
    assert ("nothing of this restore is in it" in words) != unsure
    assert "1 table or other relation" in words or not unsure
