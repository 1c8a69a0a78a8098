"""Whether all came: nothing is missing, twice, or in a band that was not told it."""

from collections.abc import Sequence
from itertools import zip_longest

import pytest

from snapper.engines.bands import Arrived
from snapper.engines.postgresql.dumping.listed import Content, Listed
from snapper.engines.postgresql.dumping.union import require_union
from snapper.errors import DumpFailed

A, B, C, D = (Listed(b"s", name, 0) for name in (b"a", b"b", b"c", b"d"))
DEALT = [[A], [B, C]]


def require(*came: str, counters: Sequence[str] = ("", "", "xy")) -> None:
    """Take what came in each band: a letter for a table, and for a sequence."""
    letters = zip_longest(came, counters, fillvalue="")
    arrived = [Arrived(*([("s", each) for each in both] for both in band)) for band in letters]
    require_union(DEALT, Content((A, B, C, D), 0, ((b"s", b"x"), (b"s", b"y"))), arrived, "UTF8")


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


@pytest.mark.parametrize(
    ("counters", "words"),
    [
        (("", "", "x"), "values of sequences did not come: s.y"),
        (("", "", ""), "did not come: s.x, s.y"),
        (("", "x", "y"), "did not come: s.x"),
        (("", "x", "xy"), "from another dump than theirs: s.x"),
        (("z", "", "xy"), "from another dump than theirs: s.z"),
        (("", "", "xyy"), "came twice: s.y"),
    ],
)
def test_nor_is_the_value_of_a_sequence_missing_or_there_twice(
    counters: tuple[str, ...], words: str
) -> None:
    with pytest.raises(DumpFailed, match=words):
        require("a", "bc", "d", counters=counters)


def test_a_sequence_of_an_extension_may_come_with_the_rest() -> None:
    require("a", "bc", "d", counters=("", "", "xyz"))


def test_names_are_compared_in_the_databases_own_encoding() -> None:
    odd = Content((Listed(b"s", b"m\xfcller", 0),), 0)
    require_union([], odd, [Arrived([("s", "müller")], [])], "LATIN1")
    require_union([], odd, [Arrived([("s", r"m\xfcller")], [])], "SQL_ASCII")
    with pytest.raises(DumpFailed):
        require_union([], odd, [Arrived([("s", r"m\xfcller")], [])], "LATIN1")


def test_two_tables_may_read_the_same() -> None:
    bytes_, words = Listed(b"s", b"\xfc", 0), Listed(b"s", rb"\xfc", 0)
    one = Arrived([("s", r"\xfc")], [])
    both = Content((bytes_, words), 0)
    require_union([[words]], both, [one, one], "SQL_ASCII")
    require_union([], both, [Arrived([*one.tables, *one.tables], [])], "SQL_ASCII")
    with pytest.raises(DumpFailed, match="did not come"):
        require_union([[words]], both, [one], "SQL_ASCII")
    with pytest.raises(DumpFailed, match="came twice"):
        require_union([[words]], both, [one, Arrived([*one.tables, *one.tables], [])], "SQL_ASCII")
