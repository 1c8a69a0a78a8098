"""`bin/test --under-load`: the loops that keep the machine busy never outlive it."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from snapper.machine import watchdog
from tests.support.cloud import eventually

BIN = Path(__file__).parents[2] / "bin"

# Stands in for the environment's Python: the checks are quick, and the tests end when told to.
PYTHON = """#!/bin/sh
case "$*" in
    *pytest*) echo "testing: $*"; read -r _; exit "${TESTS_END_WITH:-0}" ;;
    *prepared*) echo >"$0.prepared" ;;
    *mypy*) echo "said of types"; exit "${TYPES_END_WITH:-0}" ;;
esac
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A repository with the real script around that Python."""
    (tmp_path / "bin").mkdir()
    shutil.copy2(BIN / "test", tmp_path / "bin/test")
    (tmp_path / "bin/python.sh").write_text("prepare_environment() { python=$root/python; }\n")
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def start(
    house: Path, *arguments: str, ends_with: int = 0, types_end_with: int = 0
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [house / "bin/test", *arguments],
        env={
            **os.environ,
            "TESTS_END_WITH": str(ends_with),
            "TYPES_END_WITH": str(types_end_with),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def arguments_of_pytest(script: "subprocess.Popen[str]") -> list[str]:
    """Wait until it tests, and give the words for pytest."""
    assert script.stdout is not None
    told = iter(script.stdout.readline, "")
    return next(line for line in told if line.startswith("testing: ")).split()[1:]


def family(script: "subprocess.Popen[str]", size: int) -> dict[int, watchdog.Entry]:
    """Give the processes of a script when they are so many: who looks at types has ended then."""

    def found() -> dict[int, watchdog.Entry]:
        members = watchdog.family([script.pid])
        return members if len(members) == size else {}

    members: dict[int, watchdog.Entry] = eventually(found)
    return members


@pytest.mark.parametrize("how", [None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_loops_end_with_it(how: signal.Signals | None, house: Path) -> None:
    with start(house, "--under-load") as script:
        assert script.stdin is not None
        arguments_of_pytest(script)
        # Itself, the tests, the loops.
        members = family(script, 2 + 2 * (os.cpu_count() or 1))
        if how is signal.SIGINT:
            os.killpg(script.pid, how)  # as a terminal does
        elif how is not None:
            script.send_signal(how)
        script.stdin.close()
    eventually(lambda: not watchdog.alive(members))


def test_without_load_there_are_no_loops(house: Path) -> None:
    with start(house, "-k", "queue") as script:
        assert script.stdin is not None
        words = arguments_of_pytest(script)
        assert family(script, 2)
        script.stdin.close()
    assert words[-2:] == ["-k", "queue"]


def test_what_the_tests_need_is_fetched_before_they_begin(house: Path) -> None:
    with start(house) as script:
        assert script.stdin is not None
        eventually((house / "python.prepared").exists)
        script.stdin.close()


def test_all_leaves_out_no_test(house: Path) -> None:
    with start(house, "--under-load", "--all") as script:
        assert script.stdin is not None
        assert "long" not in arguments_of_pytest(script)
        script.stdin.close()


@pytest.mark.parametrize(("tests", "code"), [(0, 0), (1, 1)])
def test_it_fails_when_the_tests_fail(tests: int, code: int, house: Path) -> None:
    with start(house, "--under-load", ends_with=tests) as script:
        assert script.stdin is not None
        arguments_of_pytest(script)
        script.stdin.close()
        assert script.stdout is not None
        assert script.stdout.read().splitlines()[-1] == ("failed: tests" if code else "all is well")
    assert script.returncode == code


@pytest.mark.parametrize(("types", "end"), [(0, "all is well"), (1, "failed: types")])
def test_types_are_looked_at_beside_the_tests_and_told_behind_them(
    types: int, end: str, house: Path
) -> None:
    with start(house, types_end_with=types) as script:
        assert script.stdin is not None
        arguments_of_pytest(script)
        script.stdin.close()
        assert script.stdout is not None
        assert script.stdout.read() == f"\n== types\nsaid of types\n\n{end}\n"
    assert script.returncode == types
