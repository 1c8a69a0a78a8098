"""Time zones are those of the package, wherever this runs."""

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from snapper.errors import SettingsError
from snapper.values.time_zone import is_zone, read_zone


@pytest.mark.parametrize("name", ["", "UTC"])
def test_without_a_zone_it_is_utc(name: str) -> None:
    assert read_zone(name) is UTC


def test_a_zone_knows_summer() -> None:
    berlin = read_zone("Europe/Berlin")
    hours = [datetime(2026, month, 1, 12, tzinfo=UTC).astimezone(berlin).hour for month in (1, 7)]
    assert hours == [13, 14]


@pytest.mark.parametrize(
    "name",
    [
        "CEST",
        "europe/berlin",
        "Europe",
        "../zones",
        "/etc/localtime",
        "localtime",
        "Europe/Berlin\n",
    ],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    assert not is_zone(name)
    with pytest.raises(SettingsError, match="there is no time zone"):
        read_zone(name)


def test_every_zone_of_the_package_can_be_read() -> None:
    for name in files("tzdata").joinpath("zones").read_text().split():
        assert read_zone(name).utcoffset(datetime(2026, 1, 1, tzinfo=UTC)) is not None
