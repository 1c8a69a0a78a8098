"""Sizes in words."""

import pytest

from snapper.cli.render import size


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_536_000, "1.5 MB"),
        (7e15, "7000.0 TB"),
    ],
)
def test_a_size_has_the_unit_that_people_would_choose(count: int, words: str) -> None:
    assert size(count) == words
