"""What is too large to be proven in a function is known beforehand, and told in plain words."""

import pytest

from snapper.values.fit import misfit, room_for
from tests.support.manifests import manifest

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("database", "dump", "disk", "seconds", "words"),
    [
        (8_000_000, 4_000_000, 1 * GB, 900.0, ""),
        (3 * GB, 1 * GB, 4 * GB, 870.0, ""),
        (300 * GB, 4_000_000, 1 * GB, 870.0, ""),  # all of it gaps, or not backed up
        (6 * GB, 3 * GB, 4 * GB, 870.0, "needs about 7.0 GB of disk, and there are 4.0 GB"),
        (6 * GB, 3 * GB, 0, 870.0, ""),
        (10 * GB, 8 * GB, 20 * GB, 870.0, "takes about 17 min, and there are 14 min"),
        (10 * GB, 8 * GB, 20 * GB, None, ""),
        (8_000_000, 4_000_000, 1 * GB, -3.0, "takes about 1 min, and there are 0 min"),
    ],
)
def test_room_and_time_are_estimated_from_the_manifest(
    database: int, dump: int, disk: int, seconds: float | None, words: str
) -> None:
    told = misfit(manifest(database_bytes=database, dump_bytes=dump), disk, seconds)
    assert told.endswith(words) if words else told == ""
    assert not words or told.startswith("too large to be proven here: ")


def test_an_empty_database_needs_room_too() -> None:
    assert room_for(manifest(database_bytes=0, dump_bytes=0)) > 300_000_000
