"""Both pages of promises name tests that exist, beside each, and leave no family out."""

import ast
import re
from pathlib import Path

import pytest

from snapper.machine.children import ROOT

PAGES = [ROOT / "docs" / name for name in ("reliability.md", "security.md")]
LINK = re.compile(r"\[(?P<file>tests/[\w/]+\.py)::(?P<name>\w+)\]\((?P<target>[^)]+)\)")
ROW = re.compile(r"^\| (?P<promise>.+?) \| (?P<held>.+) \|$", re.MULTILINE)


def names(file: Path) -> set[str]:
    """All that a test file calls by a name: functions, classes, and what is assigned."""
    found = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_that_the_page_names_exists(page: Path) -> None:
    links = list(LINK.finditer(page.read_text()))
    assert len(links) > 40
    missing = [link[0] for link in links if link["name"] not in names(ROOT / link["file"])]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_the_file_it_names(page: Path) -> None:
    for link in LINK.finditer(page.read_text()):
        assert (page.parent / link["target"]).resolve() == (ROOT / link["file"]).resolve()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_promise_has_a_test_beside_it(page: Path) -> None:
    # Behind these heads stand tables of another kind.
    text = re.split("## How (?:the suite is built|often it was tried)", page.read_text())[0]
    rows = [row for row in ROW.finditer(text) if row["held"] != "Checked by"]
    assert len(rows) > 25
    assert [row["promise"] for row in rows if not LINK.search(row["held"])] == []


def test_no_family_of_faults_is_left_out() -> None:
    text = "".join(page.read_text() for page in PAGES)
    files = {file.name for file in Path(__file__).parent.glob("test_*.py")}
    assert {file for file in files if f"tests/reliability/{file}" not in text} == set()
