"""A restore in a container travels as text, holds no secret, and is refused if it is another's."""

import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import SettingsError
from snapper.values.cloud_restore import (
    CloudRestore,
    in_pieces,
    joined,
    restore_container_name,
)
from snapper.values.container import Size
from snapper.values.drill import Drill
from snapper.values.job import Job
from tests.support.manifests import NOON

RESTORE = CloudRestore("orders", NOON, "0" * 64, "copy", NOON + timedelta(hours=1))
PLAIN = json.loads(RESTORE.to_json())
ALL: dict[str, Any] = {
    each.name: {bool: True, str: "orders", int: 3}[type(each.default)]
    for each in fields(CloudRestore)[5:]
}


@given(st.sets(st.sampled_from(sorted(ALL))))
def test_it_is_read_as_it_was_written(chosen: set[str]) -> None:
    wish = replace(RESTORE, **{name: ALL[name] for name in chosen})
    assert CloudRestore.from_json(wish.to_json()) == wish


def test_none_is_taken_for_another() -> None:
    for other in (Job("orders", NOON), Drill("orders", NOON, NOON)):
        with pytest.raises(SettingsError):
            type(other).from_json(RESTORE.to_json())
        with pytest.raises(SettingsError):
            CloudRestore.from_json(other.to_json())


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[]", "null", "[" * 100_000),
        json.dumps({**PLAIN, "version": 2}),
        json.dumps({**PLAIN, "version": "x" * 10_000}),
        json.dumps({**PLAIN, "restore": "../orders"}),
        json.dumps({**PLAIN, "into": "../../DATABASE_CONN_STRINGS/_0"}),
        json.dumps({**PLAIN, "into": ["copy"]}),
        json.dumps({**PLAIN, "taken_at": "yesterday"}),
        json.dumps({**PLAIN, "manifest_sha256": ""}),
        json.dumps({**PLAIN, "options": ["force"]}),
        json.dumps({**PLAIN, "options": {"force": "no"}}),
        json.dumps({**PLAIN, "options": {"jobs": 17}}),
        json.dumps({**PLAIN, "options": {"jobs": True}}),
        json.dumps({**PLAIN, "options": {"over_source": "x,y"}}),
        json.dumps({**PLAIN, "options": {"whatever_comes": True}}),
        json.dumps({key: value for key, value in PLAIN.items() if key != "options"}),
    ],
)
def test_what_is_no_restore_is_refused_in_few_words(body: str) -> None:
    with pytest.raises(SettingsError) as refused:
        CloudRestore.from_json(body)
    assert len(str(refused.value)) < 200


def test_each_wish_has_a_container_of_its_own() -> None:
    others = [
        replace(RESTORE, into="other"),
        replace(RESTORE, force=True),
        replace(RESTORE, manifest_sha256="1" * 64),
    ]
    assert len({restore_container_name(each) for each in (RESTORE, *others)}) == 4


def test_the_very_same_wish_has_the_same_container_whenever_it_was_ordered() -> None:
    later = replace(RESTORE, ordered_at=NOON + timedelta(days=1))
    assert restore_container_name(later) == restore_container_name(RESTORE)


def test_a_container_has_a_processor_for_each_session() -> None:
    assert replace(RESTORE, create=True, jobs=3).size == Size(4)
    assert replace(RESTORE, create=True).size == Size(4)
    assert replace(RESTORE, create=True, jobs=16).size == Size(16)
    assert RESTORE.size == Size(2)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(max_size=20_000)))
def test_a_report_of_any_length_is_read_from_its_pieces(report: dict[str, str]) -> None:
    pieces = in_pieces({"missing": [value.replace("\0", "") for value in report.values()]})
    whole = joined(dict(enumerate(pieces)), len(pieces))
    assert whole["missing"] == [value.replace("\0", "") for value in report.values()]
    assert all(len(piece) <= 6000 for piece in pieces)


def test_a_report_that_lacks_a_piece_is_none() -> None:
    pieces = dict(enumerate(in_pieces({"missing": ["x" * 20_000]})))
    del pieces[1]  # all within one text, so that the rest could be read
    with pytest.raises(KeyError):
        joined(pieces, 4)
    with pytest.raises(ValueError, match="Unterminated"):
        joined(pieces, 1)
