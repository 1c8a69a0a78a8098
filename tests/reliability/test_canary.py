"""The search for the servers' password finds it, where it is, in each of its spellings."""

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.canary import CANARY, Search


@pytest.mark.parametrize("spelling", [CANARY, quote(CANARY), quote(CANARY, safe="")])
def test_the_canary_is_found_in_outputs_and_files(spelling: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "dumper.log").write_text(f"connecting to postgresql://u:{spelling}@h/d")
    (tmp_path / "logs" / "clean.log").write_text("connecting to h/d")
    search = Search()
    search.text("a test", f"told: {spelling}")
    search.text("another", "told nothing")
    search.directory(tmp_path)
    assert search.found == ["a test", "logs/dumper.log"]
    assert (search.texts, search.files) == (2, 2)
