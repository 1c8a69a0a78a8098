"""The pinned requirements agree with each other, so that what is tested is what is deployed."""

import re
from pathlib import Path

from bin.wheel_hashes import wheels_only

ROOT = Path(__file__).parents[1]
FILES = (
    "requirements.txt",
    "local/requirements.txt",
    "tests/requirements.txt",
    "functions/requirements.lock",
)
PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==([^\s;\\]+)")


def lines(file: str) -> list[str]:
    return [
        line
        for line in (ROOT / file).read_text().splitlines()
        if not line.startswith(("#", "    --hash=sha256:"))
    ]


def pins(file: str) -> dict[str, str]:
    return {match[1]: match[2] for line in lines(file) if (match := PIN.match(line))}


def test_every_line_pins_one_version_and_names_no_index() -> None:
    loose = [f"{file}: {line}" for file in FILES for line in lines(file) if not PIN.match(line)]
    assert not loose
    assert not [file for file in FILES if "://" in (ROOT / file).read_text()]


def test_no_package_has_two_versions() -> None:
    versions: dict[str, set[str]] = {}
    for file in FILES:
        for name, version in pins(file).items():
            versions.setdefault(name, set()).add(version)
    assert not {name: found for name, found in versions.items() if len(found) > 1}


def test_the_functions_use_what_the_command_line_uses() -> None:
    assert pins("functions/requirements.lock").items() <= pins("requirements.txt").items()


def test_every_line_has_hashes() -> None:
    """So has every package that another one needs: pip refuses it otherwise."""
    for file in FILES:
        whole = (ROOT / file).read_text().replace("\\\n", "").splitlines()
        wishes = [line for line in whole if not line.startswith("#")]
        assert len(wishes) == len([line for line in lines(file) if line])
        assert not [
            line for line in wishes if not re.search(r" --hash=sha256:[0-9a-f]{64}\b", line)
        ]


def test_only_wheels_have_hashes_so_that_no_pip_builds_anything() -> None:
    """As Pulumi's pip could, which takes no options of ours."""
    lock = f"""\
[[packages]]
name = "six"
wheels = [{{ hashes = {{ sha256 = "{"a" * 64}" }} }}, {{ hashes = {{ sha256 = "{"c" * 64}" }} }}]
"""
    one, *more = (f" \\\n    --hash=sha256:{each * 64}" for each in "abcd")
    assert wheels_only(f"six==1{one}{''.join(more)}\n", lock) == f"six==1{one}{more[1]}\n"


def test_every_wish_is_pinned() -> None:
    for file in (
        "requirements",
        "local/requirements",
        "tests/requirements",
        "functions/requirements",
    ):
        wishes = re.findall(r"^[a-z0-9][a-z0-9-]*", (ROOT / f"{file}.in").read_text(), re.MULTILINE)
        lock = f"{file}.lock" if file.startswith("functions") else f"{file}.txt"
        assert wishes
        assert set(wishes) <= pins(lock).keys()
