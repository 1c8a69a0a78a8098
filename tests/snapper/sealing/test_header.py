"""A header is read strictly, and whatever else is there is refused in one way."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.sealing.header import HeaderUnfinished, HeaderWrong, read_header
from snapper.sealing.key_file import new_identity
from snapper.sealing.seal import seal

FILE = seal(b"", [new_identity().recipient for _ in range(3)])
HEADER = FILE[: read_header(FILE).size]
VERSION = b"age-encryption.org/v1\n"
LINES = st.lists(
    st.sampled_from(
        [b"-> X25519 a\n", b"-> scrypt\n", b"A" * 64 + b"\n", b"AA\n", b"--- AA\n", b"\n"]
    )
    | st.binary(max_size=20)
)


@given(st.binary() | LINES.map(b"".join))
def test_anything_is_a_header_or_none(text: bytes) -> None:
    for each in (text, VERSION + text, HEADER[:-20] + text):
        with contextlib.suppress(HeaderWrong):
            read_header(each)


@given(st.integers(0, len(HEADER) - 1))
def test_the_beginning_of_one_is_unfinished(end: int) -> None:
    with pytest.raises(HeaderUnfinished):
        read_header(HEADER[:end])


def test_it_has_a_stanza_for_each_recipient() -> None:
    assert [each.kind for each in read_header(HEADER).stanzas][:3] == ["X25519"] * 3
    assert read_header(HEADER + b"what follows").size == len(HEADER)
