"""Times are read quickly, and are what botocore makes of them."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st

from snapper.aws import client as aws
from snapper.aws.times import read_time


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-23T03:00:00.000Z",
        "2026-11-23T03:00:00Z",
        "2026-11-23T03:00:00.123456Z",
        "2026-11-23T03:00:00+02:00",
        "Mon, 23 Nov 2026 03:00:00 GMT",
        "1764000000",
        1764000000,
        1764000000.5,
    ],
)
def test_every_form_is_the_same_moment(value: object) -> None:
    assert read_time(value) == parse_timestamp(value)


@given(st.datetimes(timezones=st.just(UTC)))
def test_whatever_moment_s3_says(at: datetime) -> None:
    said = at.strftime("%Y-%m-%dT%H:%M:%S.000Z").rjust(24, "0")
    assert read_time(said) == at.replace(microsecond=0)


@pytest.mark.parametrize("value", ["no time of any kind Z", "2026-13-45T03:00:00.000Z", "Z", ""])
def test_what_is_no_time_is_refused_in_botocores_words(value: str) -> None:
    with pytest.raises(ValueError, match="timestamp"):
        read_time(value)


def test_the_clients_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    aws.client("s3")

    session = boto3.DEFAULT_SESSION
    assert session
    factory = session._session.get_component("response_parser_factory")
    assert factory._defaults["timestamp_parser"] is read_time
