"""The time zone of a stage: where its hours, days, weeks, months and years begin and end.

The zones are those of the package tzdata, wherever this runs: Lambda has none of its own, and two
machines shall not disagree on which backup is the last of a day.
"""

from datetime import UTC, tzinfo
from importlib.resources import files
from zoneinfo import ZoneInfo

from snapper.errors import SettingsError

USUAL = "UTC"


def is_zone(name: str) -> bool:
    """Tell whether there is a zone of this name.

    >>> is_zone("Europe/Berlin"), is_zone("CEST"), is_zone("")
    (True, False, False)
    """
    return name == USUAL or name in files("tzdata").joinpath("zones").read_text().splitlines()


def read_zone(name: str) -> tzinfo:
    """Give the zone of a name, UTC where there is none; raises SettingsError if it is unknown."""
    if name in ("", USUAL):
        return UTC
    if not is_zone(name):
        raise SettingsError(
            f"there is no time zone {name!a}", hint="timeZone is a name such as Europe/Berlin"
        )
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)
