"""Whether all tables came: none is missing, twice, or in a band that was not told it."""

import pytest

from snapper.engines.postgresql.dumping.listed import Listed
from snapper.engines.postgresql.dumping.union import require_union
from snapper.errors import DumpFailed

A, B, C, D = (Listed(b"s", name, 0) for name in (b"a", b"b", b"c", b"d"))
DEALT = [[A], [B, C]]


def require(*came: str) -> None:
    """Take what came in each band: a letter for a table."""
    tables = {band: [("s", letter) for letter in letters] for band, letters in enumerate(came)}
    require_union(DEALT, [A, B, C, D], tables, "UTF8")


def test_all_came_and_each_from_its_own_band() -> None:
    require("a", "cb", "d")


def test_what_belongs_to_an_extension_comes_with_the_rest() -> None:
    require("a", "bc", "dx")


@pytest.mark.parametrize(
    ("came", "words"),
    [
        (("", "bc", "d"), "did not come: s.a"),
        (("a", "b", "d"), "did not come: s.c"),
        (("a", "bc", ""), "did not come: s.d"),
        (("a", "bc"), "did not come: s.d"),
        (("a", "bc", "dc"), "from another dump than theirs: s.c"),
        (("a", "b", "dc"), "did not come: s.c"),
        (("ab", "bc", "d"), "from another dump than theirs: s.b"),
        (("a", "bc", "dxx"), "came twice: s.x"),
        (("ax", "bc", "d"), "from another dump than theirs: s.x"),
        (("a", "bcb", "d"), "came twice: s.b"),
        (("a", "bc", "dd"), "came twice: s.d"),
        (("a", "bc", "d", "d"), "from another dump than theirs: s.d"),
    ],
)
def test_else_the_dump_has_failed(came: tuple[str, ...], words: str) -> None:
    with pytest.raises(DumpFailed, match=words) as failed:
        require(*came)
    assert "dumpJobs" in failed.value.hint


def test_names_are_compared_in_the_databases_own_encoding() -> None:
    odd = Listed(b"s", b"m\xfcller", 0)
    require_union([], [odd], {0: [("s", "müller")]}, "LATIN1")
    require_union([], [odd], {0: [("s", r"m\xfcller")]}, "SQL_ASCII")
    with pytest.raises(DumpFailed):
        require_union([], [odd], {0: [("s", r"m\xfcller")]}, "LATIN1")


def test_two_tables_may_read_the_same() -> None:
    bytes_, words = Listed(b"s", b"\xfc", 0), Listed(b"s", rb"\xfc", 0)
    name = ("s", r"\xfc")
    for dealt, came in (([[words]], {0: [name], 1: [name]}), ([], {0: [name, name]})):
        require_union(dealt, [bytes_, words], came, "SQL_ASCII")
    with pytest.raises(DumpFailed, match="did not come"):
        require_union([[words]], [bytes_, words], {0: [name]}, "SQL_ASCII")
    with pytest.raises(DumpFailed, match="came twice"):
        require_union([[words]], [bytes_, words], {0: [name, name], 1: [name]}, "SQL_ASCII")
