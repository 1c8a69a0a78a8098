"""Listings are ministack's own, whatever lies in a bucket and in whatever order it came."""

from hypothesis import given
from hypothesis import strategies as st
from ministack.services import s3

from local.emulator.listing import quickly

names = st.text(st.sampled_from("ab/\xfc\U0001f600"), max_size=4)
_plain = s3._collect_list_entries


@given(
    st.lists(st.lists(names.filter(bool), unique=True), min_size=1, max_size=3),
    st.tuples(names, st.sampled_from(["", "/"]), st.integers(0, 5), names),
)
def test_every_page_is_the_same(buckets: list[list[str]], asked: tuple[str, str, int, str]) -> None:
    quick = quickly(_plain)
    for _ in range(2):
        for keys in buckets:
            objects = dict.fromkeys(keys)
            assert quick(objects, *asked) == tuple(_plain(objects, *asked))
