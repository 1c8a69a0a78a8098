"""Whatever stands on the command line: a result, or one error and its exit code, never a trace."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from snapper.cli.app import COMMANDS, app
from tests.support.stage import Ran, StageUnderTest

ODD = st.one_of(
    st.sampled_from(
        (
            *(
                "",
                " ",
                "shop",
                "-",
                "--",
                "--json",
                "-h",
                "*",
                "..",
                "../../etc",
                "a/b",
                "%s",
                "{{x}}",
            ),
            *("latest", "2026-11-23", "2026-02-30", "0000-01-01", "9999-12-31T23:59Z", "now", "-1"),
            *("2026-11-23T03-00-00Z", "2026-11-23T03:00:00+99:99", "1e999", "9" * 400, "x" * 5000),
            *(
                '"',
                '"a".b',
                "a.b.c.d",
                "\n",
                "\x1b[2J",
                "\x7f",
                "ä\u202e🐘",
                "\udcff",
                "'; DROP",
                "$(id)",
            ),
            *("postgresql://", "host=", "postgresql://u:p@[::1", "arn:aws:s3:::x", "٣"),
        )
    ),
    st.text(st.characters(exclude_characters="\0"), max_size=20),
)
_WAITS = {"--wait", "--patience", "--follow", "--keep"}
"""What would have a command wait, for minutes or for somebody."""
_CODES = {*range(11), 130}


def _options(command: str) -> Iterator[tuple[str, bool]]:
    """Give each option of a command, and whether it takes a value."""
    for each in _parameters(command):
        if each.param_type_name == "option" and each.metavar not in ("PATH", "DIR", "FILE"):
            for name in set(each.opts) - _WAITS:
                yield name, not each.is_flag


def _parameters(command: str) -> list[Any]:
    group: Any = typer.main.get_command(app)
    found: list[Any] = group.get_command(None, command).params
    return found


# A demo is a cloud of its own, and takes a minute.
_OPTIONS = {each: sorted(_options(each)) for each in COMMANDS if each != "demo"}


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, ...]:
    """A command with arguments and options of its own, and odd values for them."""
    command = draw(st.sampled_from(list(_OPTIONS)))
    words = [command, *draw(st.lists(ODD, max_size=2))]
    for name, has_value in draw(st.lists(st.sampled_from(_OPTIONS[command]), max_size=3)):
        words += [f"{name}={draw(ODD)}"] if has_value else [name]
    return tuple(words)


@pytest.fixture
def run(stage: StageUnderTest) -> Callable[..., Ran]:
    """Give what runs a line; of a stage itself hypothesis would write pages."""

    def run_cli(*line: str) -> Ran:
        return stage.run_cli(*line)

    return run_cli


@settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(line=lines())
def test_any_line_ends_with_an_exit_code_and_says_what_is_wrong(
    line: tuple[str, ...], run: Callable[..., Ran]
) -> None:
    ran = run(*line)
    assert ran.code in _CODES, line
    assert "Traceback" not in ran.out + ran.err
    assert "\x1b" not in ran.out + ran.err
    if ran.code == 2:
        errors = [each for each in ran.err.splitlines() if each.startswith("error: ")]
        assert len(errors) == 1, (line, ran.err)
