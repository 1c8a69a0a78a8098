"""Whatever a connection holds, judging it never fails and never repeats a password."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.faults import faults
from snapper.engines.postgresql.conninfo.known_poolers import pooler_doubts
from snapper.engines.postgresql.conninfo.reachable import unusable
from tests.support.fuzz.pieces import PIECES
from tests.support.strategies import Written, connections


@settings(max_examples=300)
@given(connections, st.booleans())
def test_no_password_is_told(written: Written, from_here: bool) -> None:
    told = list(unusable(written.text, from_here=from_here))
    assert not faults_and_more(written.text, told)
    # A shorter one may be a word of the sentence, and one that is the host too is no secret.
    assume(len(written.password) > 6 and written.text.count(written.password) < 2)
    assert written.password not in "".join(told)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join), st.booleans())
def test_any_text_is_judged(text: str, from_here: bool) -> None:
    assert not faults_and_more(text, list(unusable(text, from_here=from_here)))


def faults_and_more(text: str, told: list[str]) -> set[str]:
    """Give the faults that were not told; where there are some, nobody looks further."""
    found = set(faults(text))
    if not found:
        list(pooler_doubts(Connection.parse(text)))
    return found - set(told)
