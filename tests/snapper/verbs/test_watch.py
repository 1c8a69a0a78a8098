"""Who looks once an hour tells which databases are late, as `status` does, and how many."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed
from snapper.values.health import Made, judge
from snapper.values.keys import Kind, object_key
from snapper.values.late import Late
from snapper.values.options import UNSET, Options
from snapper.values.schedule import Rate
from snapper.values.timetable import Punctuality
from snapper.verbs.tell_late import NOBODY, Told
from snapper.verbs.watch import watch
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.recording import RecordedEvents

DAILY = Punctuality(Rate(timedelta(days=1)))
ALLOWED = timedelta(hours=36)
SECOND = timedelta(seconds=1)


def long_ago(_: str) -> datetime:
    """Every database is known since then."""
    return days(-100)


def nobody(_: Sequence[Late], __: datetime) -> Told:
    """Tell nobody."""
    return NOBODY


def late(
    vault: Vault, after: timedelta, options: Options = UNSET, punctuality: Punctuality = DAILY
) -> list[str]:
    """Look at `orders` so long after its newest backup was due."""
    events = RecordedEvents()
    return watch(vault, {"orders": options}, punctuality, long_ago, nobody, events, AT + after)


@pytest.mark.parametrize("over", [0 * SECOND, SECOND])
def test_a_database_is_late_when_status_says_so(vault: Vault, over: timedelta) -> None:
    store(vault, AT)
    store(vault, days(-1))
    judged = judge([Made(AT, 7)], 0, None, DAILY.late_after(UNSET), AT + ALLOWED + over)
    assert late(vault, ALLOWED + over) == (["orders"] if "late" in judged.problems else [])
    assert ("late" in judged.problems) is bool(over)


@pytest.mark.parametrize(
    ("options", "punctuality", "hours"),
    [
        (Options(max_age_hours=6), DAILY, 6),
        (Options(schedule="rate(2 hours)"), DAILY, 3),
        (UNSET, Punctuality(Rate(timedelta(days=30))), 1080),
        (UNSET, Punctuality(Rate(timedelta(days=1)), 48), 48),
        # Nobody looks between two hours.
        (Options(schedule="rate(5 minutes)"), DAILY, 1),
    ],
)
def test_what_a_database_and_its_stage_say_counts(
    vault: Vault, options: Options, punctuality: Punctuality, hours: float
) -> None:
    store(vault, AT)
    allowed = timedelta(hours=hours)
    assert late(vault, allowed, options, punctuality) == []
    assert late(vault, allowed + SECOND, options, punctuality) == ["orders"]


def test_who_wants_to_hear_of_no_late_backup_hears_only_of_those_with_an_age(vault: Vault) -> None:
    never = Punctuality(DAILY.schedule, -1)
    assert late(vault, days(99) - AT, UNSET, never) == []
    assert late(vault, days(99) - AT, Options(max_age_hours=6), never) == ["orders"]


@pytest.mark.parametrize("what", ["half", "damaged", "forged"])
def test_what_is_no_good_backup_puts_off_nothing(vault: Vault, what: str) -> None:
    store(vault, AT)
    newer = days(2000) if what == "forged" else days(1)
    store(vault, newer)
    if what == "half":
        vault.delete(object_key("orders", newer, Kind.MANIFEST))
    elif what == "damaged":
        vault.put(object_key("orders", newer, Kind.DAMAGED), b"{}")
    assert late(vault, ALLOWED + SECOND) == ["orders"]


def test_a_database_that_never_had_a_backup_is_waited_for_since_it_could_be_known(
    vault: Vault,
) -> None:
    known = {"orders": UNSET, "people": Options(max_age_hours=48)}
    for after, expected in ((ALLOWED, []), (ALLOWED + SECOND, ["orders"])):
        found = watch(vault, known, DAILY, lambda _: AT, nobody, RecordedEvents(), AT + after)
        assert found == expected


def test_each_one_is_told_with_its_newest_and_all_are_counted(vault: Vault) -> None:
    events = RecordedEvents()
    store(vault, AT)
    store(vault, days(3), "people")
    options = {"empty": UNSET, "orders": UNSET, "people": UNSET}
    watch(vault, options, DAILY, long_ago, nobody, events, days(3))
    at = {"looked_at": "2026-11-26T03:00:00.000000+00:00"}
    allowed = {"allowed_hours": 36.0, "told": False}
    assert events.reported == [
        ("backups.watched", {**at, "databases": 3, "late": 2}),
        ("backup.late", {**at, "database": "empty", "newest": "none", **allowed}),
        ("backup.late", {**at, "database": "orders", "newest": "2026-11-23T03:00:00Z", **allowed}),
    ]


def test_a_vault_that_cannot_be_listed_is_an_error_and_no_count() -> None:
    events = RecordedEvents()
    with mock_aws():
        nowhere = Vault("no-such-bucket", boto3.client("s3"))
        with pytest.raises(AwsFailed, match="NoSuchBucket"):
            watch(nowhere, {"orders": UNSET}, DAILY, long_ago, nobody, events, AT)
    assert events.reported == []
