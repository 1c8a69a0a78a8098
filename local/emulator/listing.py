"""Long listings in ministack: it sorts all keys of a bucket anew for each page."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any

Page = tuple[list[str], list[str], bool, str]
"""Keys, common prefixes, whether there is more, and where that begins."""

_Collect = Callable[[Mapping[str, Any], str, str, int, str], Page]


def quickly(original: _Collect) -> _Collect:
    """Give the same pages, and sort keys only where they are others than the last time."""
    known, in_order = list[str](), list[str]()

    def collect(
        objects: Mapping[str, Any], prefix: str, delimiter: str, most: int, after: str
    ) -> Page:
        nonlocal known, in_order
        if delimiter:
            return original(objects, prefix, delimiter, most, after)
        if (keys := list(objects)) != known:
            known, in_order = keys, sorted(keys)
        first = max(bisect_left(in_order, prefix), bisect_right(in_order, after))
        some = in_order[first : first + most + 1]
        found = list(takewhile(lambda key: key.startswith(prefix), some))
        page = found[:most]
        return page, [], len(found) > most, page[-1] if page else ""

    return collect
