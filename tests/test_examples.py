"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOLD = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for room in ("bin", "functions", "infra", "local", "snapper")
    for path in (ROOT / room).rglob("*.py")
    if ">>> " in path.read_text()
)


@pytest.mark.parametrize("module", TOLD)
def test_an_example_gives_what_it_says(module: str) -> None:
    ran = doctest.testmod(importlib.import_module(module))
    assert ran.attempted
    assert not ran.failed
