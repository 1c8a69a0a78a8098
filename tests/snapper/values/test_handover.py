"""What Pulumi hands over fits into one environment variable, or it is told beforehand."""

import json
import subprocess
import sys

import pytest

from snapper.values.handover import (
    CROWDED,
    LONGEST,
    ROOM,
    bytes_handed_over,
    crowding,
    overflow,
)

NAME = "DATABASE_CONN_STRINGS"
WHOLE = len(f'"snapper:{NAME}":"",')


def secrets(size: int) -> dict[str, str]:
    return {NAME: "x" * (size - WHOLE)}


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_the_longest_variable_is_the_longest_that_this_system_takes() -> None:
    longest = "x" * (LONGEST - len("PULUMI_CONFIG=") - 1)
    command = [sys.executable, "-c", ""]
    subprocess.run(command, env={"PULUMI_CONFIG": longest}, check=True)
    with pytest.raises(OSError, match="Argument list too long"):
        subprocess.run(command, env={"PULUMI_CONFIG": longest + "x"}, check=True)


def test_what_is_counted_is_what_the_engine_writes() -> None:
    plain = {"A": "a,postgresql://u:p@h/d,POSTGRES|ü漢", "B": 'say "\\"\n\t\x01'}
    whole = {f"snapper:{name}": value for name, value in plain.items()}
    written = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    assert bytes_handed_over(plain) == len(written.encode()) - len("{}") + len(",")


@pytest.mark.parametrize("letter", ["&", "<", ">", "\u2028", "\u2029"])
def test_what_go_writes_for_html_takes_six_bytes(letter: str) -> None:
    assert bytes_handed_over({"A": letter}) - bytes_handed_over({"A": ""}) == 6


def test_what_fits_is_taken_and_what_does_not_is_told_with_how_many_do() -> None:
    assert overflow(secrets(ROOM), 800) == ""
    told = overflow(secrets(2 * ROOM), 1600)
    assert "1600 databases take 253,952 bytes, and Pulumi can hand over 126,976" in told
    assert "about 800 such databases fit" in told


def test_it_is_told_before_it_is_full() -> None:
    assert crowding(secrets(int(CROWDED * ROOM)), 700) == ""
    told = crowding(secrets(int(0.9 * ROOM)), 720)
    assert "of 720 databases fill 90% of what" in told
    assert "about 800 such databases" in told
