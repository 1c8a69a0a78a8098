"""A job travels the queue without secrets, and nothing else is taken for one."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import SettingsError
from snapper.values.job import Job
from tests.support import strategies
from tests.support.databases import job

times = st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)


@given(strategies.keys, times)
def test_a_job_comes_back_as_it_was_sent(database: str, at: datetime) -> None:
    assert Job.from_json(Job(database, at).to_json()) == Job(database, at)


def test_a_message_holds_these_fields_and_no_more() -> None:
    assert json.loads(job().to_json()) == {
        "version": 1,
        "database": "orders",
        "scheduled_at": "2026-11-23T03:00:00Z",
    }


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_no_message_crashes_the_reader(body: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Job.from_json(body)
    assert not body or len(body) < 8 or body not in str(refused.value)


def _body(**fields: object) -> str:
    return json.dumps({**json.loads(job().to_json()), **fields})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[" * 100_000,
        "null",
        "[1]",
        '"orders"',
        _body(version=2),
        _body(version=None),
        _body(database=None),
        _body(database=["orders"]),
        _body(database="../orders"),
        _body(database="orders/"),
        _body(scheduled_at=None),
        _body(scheduled_at=5),
        _body(scheduled_at="yesterday"),
        _body(scheduled_at="2026-11-23T03:00:00"),
        _body(scheduled_at="2026-13-23T03:00:00Z"),
        _body(scheduled_at="0001-01-01T00:00:00+05:00"),
        _body(scheduled_at="9999-12-31T23:59:59-05:00"),
        _body(scheduled_at="0999-01-01T00:00:00Z"),
    ],
)
def test_what_is_no_job_is_refused(body: str) -> None:
    with pytest.raises(SettingsError):
        Job.from_json(body)


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    assert Job.from_json(_body(scheduled_at="2026-11-23T04:30:00.9+01:30")) == job()


def test_a_version_of_any_length_is_told_in_few_letters() -> None:
    with pytest.raises(SettingsError) as refused:
        Job.from_json(_body(version="9" * 100_000))
    assert len(str(refused.value)) < 100


def test_a_job_of_another_release_is_told_with_a_remedy() -> None:
    with pytest.raises(SettingsError, match="version 2, this Snapper reads 1") as refused:
        Job.from_json(_body(version=2))
    assert "pulumi up" in refused.value.hint
