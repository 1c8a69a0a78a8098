"""The page on providers gives connections that work as they stand, and marks what it says."""

import re
from pathlib import Path

import pytest

from snapper.engines.engine import engine_of

PAGE = (Path(__file__).parents[1] / "docs" / "providers.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)$\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
CONNECTIONS = re.findall(r"^    (postgresql://\S+)$", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_every_connection_on_the_page_passes_the_check(connection: str) -> None:
    assert list(engine_of("POSTGRES").unusable(connection, from_here=False)) == []


def test_every_provider_has_a_section_that_says_where_each_statement_is_from() -> None:
    assert len(CONNECTIONS) == 8
    for name, text in SECTIONS.items():
        assert "(likeness)" in text or "(provider)" in text, name
