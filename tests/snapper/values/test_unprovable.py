"""Drills further apart than proofs may be are refused: the alarm would ring for ever."""

from typing import Any

import pytest

from snapper.values.options import Options
from snapper.values.proving import Proving
from snapper.values.secrets import Database
from snapper.values.unprovable import faults


def orders(**options: Any) -> tuple[Database, ...]:
    return (Database("orders", "host=h", 7, options=Options(**options)),)


@pytest.mark.parametrize(
    "stage",
    [
        *(Proving(drill) for drill in ("every-backup", "daily", "weekly", "monthly", "off")),
        Proving("weekly", 0),
        Proving("weekly", 8),
        Proving("monthly", 31),
        Proving("daily", 2),
        Proving("off", 1),  # whoever proves by hand
        Proving("every-backup", 1),  # of backups that come every day
    ],
)
def test_what_a_drill_can_satisfy_is_taken(stage: Proving) -> None:
    assert list(faults(stage, orders())) == []


def test_a_stage_that_wants_proofs_more_often_than_it_has_drills_is_refused() -> None:
    assert list(faults(Proving("weekly", 7), orders())) == [
        "provenWithinDays is 7, must be more than the 7 days between two drills, "
        "which are weekly, or 0 for never"
    ]


def test_a_word_that_is_no_frequency_is_refused() -> None:
    assert list(faults(Proving("hourly"), orders())) == [
        "drill is hourly, must be every-backup or daily or weekly or monthly or off"
    ]


@pytest.mark.parametrize(
    "options", [{"drill": "monthly"}, {"drill": "monthly", "proven_within_days": 30}]
)
def test_a_database_that_cannot_be_proven_in_time_is_named(options: dict[str, Any]) -> None:
    (fault,) = faults(Proving("weekly", 14), orders(**options))
    days = options.get("proven_within_days", 14)
    assert fault.startswith(
        f"databases.orders: provenWithinDays is {days}, must be more than the 30"
    )


def test_a_database_is_not_blamed_for_what_its_stage_says() -> None:
    found = list(faults(Proving("weekly", 5), orders(timeout=600)))
    assert len(found) == 1
    assert found[0].startswith("provenWithinDays is 5")
