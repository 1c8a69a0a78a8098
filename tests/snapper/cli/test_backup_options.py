"""`--at` takes a time in every form in which Snapper shows one."""

from datetime import UTC, datetime

import pytest

from snapper.cli.backup_options import read_at
from snapper.errors import SettingsError
from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key, stamp

AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
KEY = "my-orders"


@pytest.mark.parametrize(
    "text",
    [
        write_time(AT),
        stamp(AT),
        *(object_key(KEY, AT, kind) for kind in Kind),
        f"s3://snapper-prod/{object_key(KEY, AT, Kind.DUMP)}",
        f"backups/{KEY}-{stamp(AT)}.sql.gz",
        f"{KEY}-{stamp(AT)}.sql.gz",
        f"{KEY}-{stamp(AT)}.sql.gz.0123456789ab.part",
        f"{KEY}/{stamp(AT)}.begun-{stamp(AT)}",
        "2026-11-23T03:00Z",
        "2026-11-23 03:00",
        "2026-11-23T04:00:00+01:00",
        "20261123T030000Z",
    ],
)
def test_one_time_may_be_written_in_many_ways(text: str) -> None:
    assert read_at(text, KEY) == AT
    assert read_at(text) == AT


@pytest.mark.parametrize("text", ["2026-11-23", "20261123"])
def test_a_day_means_all_of_it(text: str) -> None:
    assert read_at(text, KEY) == datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("text", ["latest", "LATEST"])
def test_latest_is_no_time(text: str) -> None:
    assert read_at(text, KEY) is None


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-02-30T00-00-00Z", f"{KEY}/notes.txt"]
)
def test_anything_else_is_refused_with_what_it_takes(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a time") as refused:
        read_at(text, KEY)
    assert "2026-11-23T03:00Z" in refused.value.hint


def test_the_name_of_another_databases_backup_is_refused() -> None:
    with pytest.raises(SettingsError, match="is a backup of my-orders, not of users"):
        read_at(object_key(KEY, AT, Kind.DUMP), "users")
