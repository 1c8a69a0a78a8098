"""`snapper restore`, as somebody who is afraid uses it at three in the morning."""

import shlex
import signal
from pathlib import Path

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from tests.support.backed_up import COUNT, backed_up
from tests.support.by_hand import WORD, ByHand
from tests.support.cloud_server import everywhere
from tests.support.few import few
from tests.support.restores import DAMAGES, HELD, end_sessions, exists, plain_dump, unfinished
from tests.support.stage import StageUnderTest
from tests.support.terminal import on_a_terminal, once


def test_a_backup_is_restored_into_a_new_database(
    stage: StageUnderTest, tools: ClientTools
) -> None:
    target = stage.new("the shop anew", 14)
    manifest = stage.back_up("shop")
    ran = stage.run_cli("restore", "shop", "--to", target.dsn, "--create", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["restored"] is True
    assert ran.document["creates"] is True
    assert ran.document["manifest"]["sha256"] == manifest.sha256
    assert ran.document["seconds"] > 0
    source = stage.sample("shop")
    assert plain_dump(tools, 14, target.dsn) == plain_dump(tools, 14, source.dsn)


@everywhere("somewhere", is_quick=True)
def test_human_words_tell_what_was_restored_where_and_checked(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "words") as (_, manifest):
        target = somewhere.new("words anew")
        ran = somewhere.run_cli("restore", "words", "--to", target.dsn, "--create")
        assert ran.lines[0].startswith(f"restored {manifest.dump_key} (")
        assert ran.lines[1] == f"SHA-256 {manifest.sha256}, as in the manifest"
        assert ran.err.startswith(manifest.dump_key)


@everywhere("somewhere")
def test_a_time_chooses_the_newest_backup_that_is_not_after_it(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "times") as (source, first):
        source.run("INSERT INTO orders VALUES (0)")
        target = somewhere.new("times anew")
        at = first.scheduled_at.isoformat()
        ran = somewhere.run_cli("restore", "times", "--at", at, "--to", target.dsn, "--create")
        assert ran.code == 0, ran.err
        assert target.rows(COUNT) == [(100,)]
        early = somewhere.run_cli("restore", "times", "--at", "2020-01-01", "--to", target.dsn)
        assert early.code == 3
        assert somewhere.run_cli("restore", "times", "--at", "soon", "--to", target.dsn).code == 2


@everywhere("somewhere")
def test_a_target_that_is_not_there_is_made_only_if_told(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "absent"):
        target = somewhere.new("nowhere")
        ran = somewhere.run_cli("restore", "absent", "--to", target.dsn)
        assert ran.code == 2
        assert "hint: add --create to make it" in ran.err
        assert not exists(target.server, target.name)


@everywhere("somewhere")
def test_a_target_that_is_not_empty_is_refused_unless_forced(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "full"):
        target = somewhere.source(18, "CREATE TABLE mine AS SELECT 1 AS n")
        refused = somewhere.run_cli("restore", "full", "--to", target.dsn)
        assert refused.code == 2
        assert "is not empty: 1 table or other relation" in refused.err
        forced = somewhere.run_cli("restore", "full", "--to", target.dsn, "--force")
        assert forced.code == 0, forced.err
        assert target.rows("SELECT (SELECT count(*) FROM orders), n FROM mine") == [(100, 1)]


@everywhere("somewhere")
def test_what_is_in_the_way_stops_a_forced_restore_and_the_target_is_as_it_was(
    somewhere: StageUnderTest,
) -> None:
    with backed_up(somewhere, "inway"):
        target = somewhere.source(18, "CREATE TABLE orders AS SELECT 1 AS n")
        ran = somewhere.run_cli("restore", "inway", "--to", target.dsn, "--force")
        assert ran.code == 9
        assert 'relation "orders" already exists' in ran.err
        assert "is as it was: nothing of this restore is in it" in ran.err
        assert "--create" in ran.err
        assert target.rows(COUNT) == [(1,)]
        document = somewhere.run_cli(
            "restore", "inway", "--to", target.dsn, "--force", "--json"
        ).document
        assert "is as it was" in document["error"]["now"][0]


@everywhere("somewhere")
def test_the_source_itself_is_refused_unless_its_key_is_typed(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "itself") as (source, _):
        refused = somewhere.run_cli("restore", "itself", "--to", source.dsn, "--force")
        assert refused.code == 2
        assert "is the database that this backup was made of" in refused.err
        source.run("DROP TABLE orders")
        wrong = somewhere.run_cli("restore", "itself", "--to", source.dsn, "--over-source", "other")
        assert wrong.code == 2
        typed = somewhere.run_cli(
            "restore", "itself", "--to", source.dsn, "--over-source", "itself"
        )
        assert typed.code == 0, typed.err
        assert source.rows(COUNT) == [(100,)]


def test_an_older_major_is_warned_of_before_anything_is_done(stage: StageUnderTest) -> None:
    with backed_up(stage, "older"):
        target = stage.new("older anew", 14)
        ran = stage.run_cli("restore", "older", "--to", target.dsn, "--create", "--dry-run")
        assert ran.code == 0
        assert "warning: the backup is of PostgreSQL 18, the target is the older 14" in ran.err
        assert not exists(stage.server(14), "older anew")


def test_a_dry_run_changes_nothing_and_its_commands_do_the_same(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    with backed_up(stage, "dry") as (source, _):
        target = stage.new('dry it\'s "anew"')
        role = "dry & role"
        source.run(f'CREATE ROLE "{role}"; GRANT SELECT ON orders TO "{role}"')
        stage.forget("dry")
        manifest = stage.back_up("dry")
        source.run(f'REVOKE ALL ON orders FROM "{role}"; DROP ROLE "{role}"')
        arguments = ("restore", "dry", "--to", target.dsn, "--create", "--create-roles")
        told = stage.run_cli(*arguments, "--dry-run")
        assert f"would first make the role {role}, without login" in told.lines
        ran = stage.run_cli(*arguments, "--dry-run", "--json")
        plan = told.out.partition("it is done by:\n")[2]
        masked = [WORD.sub("", line.strip()) for line in plan.splitlines()]
        assert masked == [WORD.sub("", line) for line in ran.document["commands"]]
        assert ran.document["restored"] is False
        assert not exists(stage.server(18), target.name)
        connection = Connection.parse(target.dsn)
        assert "p%40ss" not in ran.out
        assert str(connection.password) not in ran.out

        _, fetch, *_ = ran.document["commands"]
        *words, _, _ = shlex.split(fetch)
        assert words == ["aws", "s3", "cp", f"s3://{stage.vault.bucket}/{manifest.dump_key}"]
        by_hand = ByHand(tmp_path, stage.server(18))
        backup = stage.vault.read(manifest.dump_key)
        by_hand.store(manifest.dump_key, backup[:-100])
        assert by_hand.run(plan) != 0
        assert not exists(stage.server(18), target.name)
        by_hand.store(manifest.dump_key, backup)
        assert by_hand.run(plan) == 0
        assert target.rows(COUNT) == [(100,)]


@pytest.mark.parametrize("how", few(["one flipped bit", "something else", "one byte added"]))
def test_a_damaged_object_is_refused_with_the_reason(how: str, stage: StageUnderTest) -> None:
    with backed_up(stage, "damaged") as (_, manifest):
        stage.damage(manifest, DAMAGES[how])
        target = stage.new("damaged anew")
        ran = stage.run_cli("restore", "damaged", "--to", target.dsn, "--create")
        assert ran.code == 4
        assert manifest.dump_key in ran.err
        # That of another size is known before anything is read, and so is that there is no other.
        older = "--at restores an older one; bin/snapper list damaged shows them"
        none = "bin/snapper list damaged shows what is wrong with each"
        assert f"hint: {none if how == 'one byte added' else older}" in ran.err
        assert not exists(target.server, target.name)
        assert unfinished(target.server) == []


@pytest.mark.parametrize(
    "edit",
    few(
        [
            lambda text: text.replace(b'"dump_bytes": ', b'"dump_bytes": 1'),
            lambda text: text.replace(b'"sha256": "', b'"sha256": "0'),
            lambda text: text.replace(b'"database": "edited"', b'"database": "other"'),
            lambda text: text[:-20],
        ],
        2,
    ),
    ids=["size", "digest", "database", "cut"],
)
def test_an_edited_manifest_is_refused(edit: object, stage: StageUnderTest) -> None:
    with backed_up(stage, "edited") as (_, manifest):
        stage.vault.put(manifest.key, edit(stage.vault.read(manifest.key)))  # type: ignore[operator]
        target = stage.source(18, "SELECT 1")
        ran = stage.run_cli("restore", "edited", "--to", target.dsn)
        assert ran.code == 4, ran.err
        assert target.rows("SELECT relname FROM pg_class WHERE relname = 'orders'") == []


@everywhere("somewhere")
def test_ctrl_c_midway_ends_with_130_and_leaves_nothing(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "ctrlc", HELD):
        target = somewhere.new("ctrlc anew")
        shown = on_a_terminal(
            "restore",
            "ctrlc",
            "--to",
            target.dsn,
            "--create",
            environment=somewhere.environment(),
            react=once("MB of ", signal.SIGINT),
        )
        assert shown.code == 130, shown.text
        assert "error: interrupted by SIGINT" in shown.text
        assert "is not there: a database gets its name when it is whole" in shown.text
        assert "restored" not in shown.text
        assert "Traceback" not in shown.text
        assert not exists(target.server, target.name)
        assert unfinished(target.server) == []


@pytest.mark.long
@everywhere("somewhere")
def test_a_killed_restore_leaves_an_existing_target_as_it_was(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "killed", HELD):
        target = somewhere.source(18, "CREATE TABLE mine AS SELECT 1 AS n")
        on_a_terminal(
            "restore",
            "killed",
            "--to",
            target.dsn,
            "--force",
            environment=somewhere.environment(),
            react=once("MB of ", signal.SIGKILL),
        )
        tables = "SELECT relname FROM pg_class WHERE relname IN ('mine', 'noise')"
        assert target.rows(tables) == [("mine",)]
        end_sessions(target)
