"""`snapper restore --jobs`: several connections at once, where there is enough for them."""

import signal

import pytest

from tests.support.backed_up import COUNT, backed_up
from tests.support.cloud_server import everywhere
from tests.support.restores import HELD, exists, unfinished
from tests.support.stage import StageUnderTest
from tests.support.terminal import on_a_terminal, once

# Two megabytes.
ENOUGH = "CREATE TABLE orders AS SELECT n, repeat('x', 100) FROM generate_series(1, 20000) AS n"


@everywhere("somewhere")
def test_as_many_as_are_asked_for_restore_it(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "several", ENOUGH):
        target = somewhere.new("several anew")
        arguments = ("restore", "several", "--to", target.dsn, "--create")
        ran = somewhere.run_cli(*arguments, "--jobs", "3", "--json")
        assert ran.code == 0, ran.err
        assert ran.document["jobs"] == 3
        assert target.rows(COUNT) == [(20000,)]


def test_what_is_small_is_restored_by_one(stage: StageUnderTest) -> None:
    with backed_up(stage, "little", ENOUGH):
        target = stage.new("little anew")
        ran = stage.run_cli("restore", "little", "--to", target.dsn, "--create", "--json")
        assert ran.document["jobs"] == 1, ran.err


@pytest.mark.long
def test_a_dry_run_says_by_how_many_it_would_be(stage: StageUnderTest) -> None:
    with backed_up(stage, "planned", ENOUGH):
        target = stage.new("planned anew")
        asked = ("restore", "planned", "--to", target.dsn, "--create", "--dry-run")
        assert "would restore by 3 connections" in stage.run_cli(*asked, "--jobs", "3").lines
        assert stage.run_cli(*asked, "--jobs", "3", "--json").document["jobs"] == 3
        assert stage.run_cli(*asked, "--json").document["jobs"] == 1
        assert "connections" not in stage.run_cli(*asked).out


def test_people_are_told_what_was_checked(stage: StageUnderTest) -> None:
    with backed_up(stage, "told", ENOUGH):
        target = stage.new("told anew")
        ran = stage.run_cli("restore", "told", "--to", target.dsn, "--create", "--jobs", "2")
        assert ran.lines[1] == "by 2 connections; each part has the SHA-256 of its contents"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ((), "--jobs is for a new database"),
        (("--table", "orders"), "--jobs is for whole backups"),
    ],
)
def test_nothing_else_is_restored_by_several(
    more: tuple[str, ...], why: str, stage: StageUnderTest
) -> None:
    ran = stage.run_cli("restore", "any", "--to", "postgresql://h/d", "--jobs", "2", *more)
    assert ran.code == 2
    assert why in ran.err


@pytest.mark.long
def test_ctrl_c_ends_all_of_them_and_leaves_nothing(stage: StageUnderTest) -> None:
    with backed_up(stage, "ctrlc-jobs", HELD):
        target = stage.new("ctrlc jobs anew")
        arguments = ("restore", "ctrlc-jobs", "--to", target.dsn, "--create", "--jobs", "4")
        shown = on_a_terminal(
            *arguments, environment=stage.environment(), react=once("MB of ", signal.SIGINT)
        )
        assert shown.code == 130, shown.text
        assert "Traceback" not in shown.text
        assert not exists(target.server, target.name)
        assert unfinished(target.server) == []
