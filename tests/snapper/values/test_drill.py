"""A drill travels as text, which no release takes for a job, nor a job for a drill."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import SettingsError
from snapper.values.drill import Drill
from snapper.values.job import Job
from tests.support.manifests import NOON

DRILL = Drill("orders", NOON, NOON)
PLAIN = json.loads(DRILL.to_json())


@given(st.text(st.characters(codec="utf-8"), max_size=100))
def test_it_is_read_as_it_was_written(reason: str) -> None:
    drill = replace(DRILL, reason=reason)
    assert Drill.from_json(drill.to_json()) == drill


def test_a_long_reason_is_cut() -> None:
    assert len(Drill.from_json(replace(DRILL, reason="x" * 10_000).to_json()).reason) == 2000


def test_neither_is_taken_for_the_other() -> None:
    with pytest.raises(SettingsError):
        Job.from_json(DRILL.to_json())
    with pytest.raises(SettingsError):
        Drill.from_json(Job("orders", NOON).to_json())


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[]", "null", "[" * 100_000),
        json.dumps({**PLAIN, "version": 2}),
        json.dumps({**PLAIN, "version": "x" * 10_000}),
        json.dumps({**PLAIN, "drill": "../orders"}),
        json.dumps({**PLAIN, "drill": ["orders"]}),
        json.dumps({**PLAIN, "taken_at": "yesterday"}),
        json.dumps({**PLAIN, "taken_at": 3}),
        json.dumps({**PLAIN, "reason": {"a": "b"}}),
    ],
)
def test_what_is_no_drill_is_refused_in_few_words(body: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Drill.from_json(body)
    assert len(str(refused.value)) < 200
