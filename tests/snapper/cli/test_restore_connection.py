"""Where `snapper restore` learns of its target: never shown, never echoed, in no message."""

import pytest

from tests.support.backed_up import COUNT, backed_up
from tests.support.few import few
from tests.support.stage import StageUnderTest
from tests.support.terminal import on_a_terminal, once


def test_the_connection_comes_from_the_environment(stage: StageUnderTest) -> None:
    with backed_up(stage, "variable"):
        target = stage.new("variable anew")
        variables = {"SNAPPER_RESTORE_TO": target.dsn}
        ran = stage.run_cli("restore", "variable", "--create", more=variables)
        assert ran.code == 0, ran.err
        assert target.rows(COUNT) == [(100,)]


@pytest.mark.long
def test_the_connection_is_asked_for_unseen_on_a_terminal(stage: StageUnderTest) -> None:
    with backed_up(stage, "asked"):
        target = stage.new("asked anew")
        shown = on_a_terminal(
            "restore",
            "asked",
            "--create",
            environment=stage.environment(),
            react=once("Connection of the target: ", f"{target.dsn}\r".encode()),
        )
        assert shown.code == 0, shown.text
        assert "p%40ss" not in shown.text
        assert stage.server(18).password not in shown.text
        assert "100 %" in shown.text
        assert " of " in shown.text  # bytes so far of all
        assert target.rows(COUNT) == [(100,)]


def test_without_a_terminal_nobody_is_asked(stage: StageUnderTest) -> None:
    with backed_up(stage, "unasked"):
        ran = stage.run_cli("restore", "unasked")
        assert ran.code == 2
        assert "SNAPPER_RESTORE_TO" in ran.err


@pytest.mark.parametrize(
    "target",
    few(
        [
            "postgresql://me:s3cr3t-w0rd@/broken@here/x",
            "host=127.0.0.1 port=1 password=s3cr3t-w0rd connect_timeout=1",
            "postgresql://me:s3cr3t-w0rd@127.0.0.1:1/x?connect_timeout=1",
            "s3cr3t-w0rd",
        ],
        2,
    ),
)
def test_a_target_that_cannot_be_used_is_told_without_its_password(
    target: str, stage: StageUnderTest
) -> None:
    with backed_up(stage, "hidden"):
        for more in ([], ["--json"], ["--create"], ["--dry-run"]):
            ran = stage.run_cli("restore", "hidden", "--to", target, *more)
            assert ran.code in (2, 6)
            assert "s3cr3t" not in ran.out + ran.err


def test_a_wrong_password_is_told_and_not_shown(stage: StageUnderTest) -> None:
    with backed_up(stage, "wrong") as (source, _):
        wrong = source.dsn.replace("p%40ss", "s3cr3t-w0rd")
        ran = stage.run_cli("restore", "wrong", "--to", wrong, "--create")
        assert ran.code == 6
        assert "password authentication failed" in ran.err
        assert "s3cr3t" not in ran.err
