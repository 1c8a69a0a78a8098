"""What a quick run takes of many alike."""

from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet


def few(values: Iterable[Any], count: int = 1) -> list[ParameterSet]:
    """Let all but so many of these parameters, taken evenly, wait for where there is time."""
    every = [_one(each) for each in values]
    plain = [number for number, each in enumerate(every) if not each.marks]
    chosen = {plain[n * len(plain) // count] for n in range(count)}
    return [
        pytest.param(*each.values, id=each.id, marks=[*each.marks, *long])
        for number, each in enumerate(every)
        for long in [[] if number in chosen or each.marks else [pytest.mark.long]]
    ]


def _one(value: Any) -> ParameterSet:
    """A tuple stands for several parameters, as in pytest."""
    if isinstance(value, ParameterSet):
        return value
    return pytest.param(*value) if isinstance(value, tuple) else pytest.param(value)
