"""Keys name backups, and nothing else is mistaken for one."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values.keys import Kind, object_key, parse_key, prefix, stamp
from tests.support import strategies
from tests.support.databases import AT

times = st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)


@given(strategies.keys, times, st.sampled_from(Kind))
def test_a_key_is_read_back(database: str, at: datetime, kind: Kind) -> None:
    assert parse_key(database, object_key(database, at, kind)) == (at, kind)


@given(times, times)
def test_keys_sort_by_time(one: datetime, other: datetime) -> None:
    assert (stamp(one) < stamp(other)) == (one < other)


@given(strategies.keys, st.text(max_size=40))
def test_a_key_that_is_ours_is_the_only_one_of_its_backup(database: str, name: str) -> None:
    key = prefix(database) + name
    if read := parse_key(database, key):
        assert object_key(database, *read) == key


def test_a_key_holds_utc_whatever_the_zone_of_the_time() -> None:
    assert stamp(AT.astimezone(timezone(timedelta(hours=-11)))) == "2026-11-23T03-00-00Z"


@pytest.mark.parametrize(
    "key",
    [
        "orders/notes.txt",
        "orders/",
        "orders2/2026-11-23T03-00-00Z.sql.gz",
        "ORDERS/2026-11-23T03-00-00Z.sql.gz",
        "x/orders/2026-11-23T03-00-00Z.sql.gz",
        "orders/2026-11-23T03-00-00Z.sql.gz.tmp",
        "orders/2026-11-23T03-00-00Z.sql.gz\n",
        "orders/2026-11-23T03-00-00Z.sql",
        "orders/2026-11-23T03-00-00Z",
        "orders/2026-11-23T03-00-00.sql.gz",
        "orders/2026-02-30T03-00-00Z.sql.gz",
        "orders/2026-11-23T24-00-00Z.sql.gz",
        "orders/2026-11-23T03:00:00Z.sql.gz",
        "orders/old/2026-11-23T03-00-00Z.sql.gz",
        "orders/\uff12\uff10\uff12\uff16-11-23T03-00-00Z.sql.gz",
        "orders/\u0662\u0660\u0662\u0666-11-23T03-00-00Z.manifest.json",
        "orders/0000-11-23T03-00-00Z.sql.gz",
    ],
)
def test_what_is_not_named_as_we_name_it_is_not_ours(key: str) -> None:
    assert parse_key("orders", key) is None
