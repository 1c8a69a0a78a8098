"""Pins: a key says all that matters, and nothing that is inside one takes that away."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values.keys import parse_key, parse_mark, read_key
from snapper.values.pin import FOREVER, LONGEST_NOTE, Pin, parse_pin, pin_key
from tests.support.manifests import NOON
from tests.support.strategies import keys

times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)


@given(keys, times, times | st.just(FOREVER))
def test_a_key_is_read_as_it_was_written_and_is_no_other_objects(
    database: str, at: datetime, until: datetime
) -> None:
    key = pin_key(database, at, until)
    assert parse_pin(database, key) == (at, until)
    assert parse_pin(f"{database}2", key) is None
    assert (parse_key(database, key), parse_mark(database, key), read_key(key)) == (None,) * 3


@pytest.mark.parametrize(
    "end",
    [
        *(
            "kept",
            ".kept.json",
            ".kept-until-",
            ".kept-until-2027-13-01T00-00-00Z",
            ".kept-for-ever",
        ),
        *(".kept-until-2027-01-01T00-00-00Z.kept", ".begun-2027-01-01T00-00-00Z.kept"),
        *(".sql.gz.kept", ".kept-until-2027-01-01", ".kept\n"),
    ],
)
def test_what_is_nearly_a_pin_is_none(end: str) -> None:
    assert parse_pin("orders", f"orders/2026-11-23T03-00-00Z{end}") is None


def test_what_is_inside_is_read_as_it_was_written() -> None:
    pin = Pin(FOREVER, "before the migration: ü", "arn:aws:iam::1:user/ann", NOON)
    assert Pin.read(FOREVER, pin.to_json()) == pin


@pytest.mark.parametrize(
    "inside",
    [
        *("", "{}", "[]", "{", '{"note": "", "by": "", "at": null}', "\x00"),
        *(
            json.dumps({"note": note, "by": "x", "at": "2026-11-23T12:00:00Z"})
            for note in (None, 7, "a\nb", "\x1b[2J", "x" * (LONGEST_NOTE + 1), "\u202e", "\0")
        ),
    ],
)
def test_what_somebody_else_has_written_pins_all_the_same_and_is_not_shown(inside: str) -> None:
    until = NOON + timedelta(days=1)
    assert Pin.read(until, inside.encode()) == Pin(until)
