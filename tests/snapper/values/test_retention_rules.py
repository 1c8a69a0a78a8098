"""Retention by restic's words: held against the words said once more, in another shape."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values import retention
from snapper.values.container import LONGEST
from snapper.values.keys import Kind
from snapper.values.pin import FOREVER
from snapper.values.retention import Entry, Verdict
from snapper.values.rules import Retention, Rules, Span, read_retention
from tests.support.few import few
from tests.support.strategies import over_years, rules

BOTH, DUMP = frozenset(Kind), frozenset({Kind.DUMP})
NOW = datetime(2026, 2, 1, tzinfo=UTC)
zones = st.sampled_from(
    [UTC, *map(ZoneInfo, ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"))]
)


def plan(
    found: Iterable[Entry],
    keep: Retention,
    made: datetime | None = None,
    *,
    now: datetime = NOW,
    zone: tzinfo = UTC,
) -> list[Verdict]:
    return retention.plan(found, keep, made, now=now, zone=zone)


def kept(verdicts: list[Verdict]) -> set[Entry]:
    return {verdict.entry for verdict in verdicts if verdict.keep}


# The words once more: not by counting from the newest on, but asked of each backup by itself.


def place(entry: Entry) -> tuple[datetime, datetime]:
    return max(entry.taken_at, entry.late_at or entry.taken_at), entry.taken_at


def period(word: str, entry: Entry, zone: tzinfo) -> str:
    form = {
        "hourly": "%Y-%m-%d %H %z",
        "daily": "%Y-%m-%d",
        "weekly": "%G-%V",
        "monthly": "%Y-%m",
        "yearly": "%Y",
    }
    return place(entry)[0].astimezone(zone).strftime(form[word])


def wanted(entry: Entry, others: list[Entry], keep: Rules, newest: Entry, zone: tzinfo) -> bool:
    """Say whether one backup stays, where the others count."""
    newer = [each for each in others if place(each) > place(entry)]
    oldest = all(place(each) >= place(entry) for each in others)
    due = [each.taken_at for each in others]
    moments = {max(at for at in due if at <= place(each)[0]) for each in newer}
    if keep.last and len(moments) < keep.last:
        return True
    if keep.within and place(entry)[0] > keep.within.before(place(newest)[0], zone):
        return True
    for word in ("hourly", "daily", "weekly", "monthly", "yearly"):
        periods = {period(word, each, zone) for each in newer}
        own = period(word, entry, zone)
        if len(periods) < getattr(keep, word) and (own not in periods or oldest):
            return True
    return False


def expected(found: list[Entry], keep: Rules, zone: tzinfo) -> Iterator[Entry]:
    good = [each for each in found if each.complete and not each.damaged]
    counted = [each for each in good if not each.pinned]
    for entry in found:
        newest = max([*good, entry], key=place)
        if entry.pinned or wanted(entry, [*counted, entry], keep, newest, zone):
            yield entry


@given(over_years, rules, zones)
def test_what_stays_is_what_the_words_mean(found: list[Entry], keep: Rules, zone: tzinfo) -> None:
    assert kept(plan(found, keep, zone=zone)) == set(expected(found, keep, zone))


@given(over_years, rules, zones, st.data())
def test_a_rule_more_a_larger_one_or_a_pin_never_deletes_more(
    found: list[Entry], keep: Rules, zone: tzinfo, data: st.DataObject
) -> None:
    before = kept(plan(found, keep, zone=zone))
    more = data.draw(rules)
    larger = replace(
        keep,
        within=keep.within or more.within,
        **{
            word: max(getattr(keep, word), getattr(more, word))
            for word in ("last", "hourly", "daily", "weekly", "monthly", "yearly")
        },
    )
    assert before <= kept(plan(found, larger, zone=zone))
    pinned = [replace(each, pinned=each.pinned or data.draw(_pins)) for each in found]
    after = {place(each) for each in kept(plan(pinned, keep, zone=zone))}
    assert {place(each) for each in before} <= after
    assert {place(each) for each in pinned if each.pinned} <= after


_pins = st.sampled_from([None, None, FOREVER, NOW])


@given(over_years, rules, zones)
def test_after_the_plan_is_carried_out_there_is_nothing_more_to_do(
    found: list[Entry], keep: Rules, zone: tzinfo
) -> None:
    staying = kept(plan(found, keep, zone=zone))
    assert kept(plan(staying, keep, zone=zone)) == staying


@given(over_years, rules, zones, st.data())
def test_to_hear_of_damage_never_deletes_more_also_by_rules(
    found: list[Entry], keep: Rules, zone: tzinfo, data: st.DataObject
) -> None:
    made = data.draw(st.sampled_from([None, *(entry.taken_at for entry in found)]))
    heard = [replace(each, damaged=each.damaged or data.draw(st.booleans())) for each in found]
    before, after = (plan(each, keep, made, zone=zone) for each in (found, heard))
    assert all(new.keep or not old.keep for old, new in zip(before, after, strict=True))


@given(over_years, rules, st.data())
def test_what_is_stamped_later_than_now_moves_nothing_also_by_rules(
    found: list[Entry], keep: Rules, data: st.DataObject
) -> None:
    ahead = data.draw(st.lists(st.timedeltas(timedelta(hours=1), timedelta(days=9999)), max_size=5))
    forged = [Entry(NOW + span, BOTH) for span in set(ahead)]
    verdicts = plan([*forged, *found], keep)
    assert [each for each in verdicts if not each.entry.ahead] == plan(found, keep)
    assert all(each.keep for each in verdicts if each.entry.ahead)


@given(over_years, rules, st.data())
def test_the_newest_good_one_and_the_one_just_made_always_stay(
    found: list[Entry], keep: Rules, data: st.DataObject
) -> None:
    good = [each for each in found if each.complete and not each.damaged]
    if not good:
        return
    made = data.draw(st.sampled_from(good))
    staying = kept(plan(found, keep, made.taken_at))
    assert max(good, key=place) in staying
    assert made in staying


@given(over_years, st.integers(1, 30))
def test_a_count_keeps_what_as_many_last_ones_keep(found: list[Entry], keep: int) -> None:
    assert kept(plan(found, keep)) == kept(plan(found, Rules(last=keep)))


def reasons(found: Iterable[Entry], words: str, made: datetime | None = None) -> list[str]:
    verdicts = plan(found, read_retention(words), made)
    return [f"{'' if each.keep else 'goes: '}{each.reason}" for each in verdicts]


def january(day: int, hour: int = 3) -> Entry:
    return Entry(datetime(2026, 1, day, hour, tzinfo=UTC), BOTH)


def test_each_backup_has_all_its_reasons() -> None:
    """The 19th of January of 2026 is a Monday."""
    found = [january(day) for day in (22, 21, 20, 19, 18, 17)]
    assert reasons(found, "last=2 daily=3 weekly=2 yearly=1") == [
        "last 1 of 2, daily 1 of 3, weekly 1 of 2, yearly 1 of 1",
        "last 2 of 2, daily 2 of 3",
        "daily 3 of 3",
        "goes: beyond last=2 daily=3 weekly=2 yearly=1",
        "weekly 2 of 2",
        "goes: beyond last=2 daily=3 weekly=2 yearly=1",
    ]


def test_while_there_are_fewer_than_are_wanted_the_oldest_stays_too() -> None:
    """As in restic, so history reaches back as far as it can."""
    found = [january(day) for day in (22, 21, 20)]
    assert reasons(found, "monthly=12 within=1d") == [
        "monthly 1 of 12, within 1d",
        "goes: beyond monthly=12 within=1d",
        "monthly 1 of 12 (the oldest)",
    ]


def test_what_is_not_good_stays_while_it_would_if_it_were() -> None:
    found = [
        january(22),
        replace(january(22, 1), damaged=True),
        replace(january(21), damaged=True),
        Entry(january(21, 1).taken_at, DUMP),
        january(20),
    ]
    assert reasons(found, "daily=2") == [
        "daily 1 of 2",
        "goes: damaged, beyond daily=2 were it good",
        "damaged, never counted",
        "unfinished, never counted",
        "daily 2 of 2",
    ]


def test_a_half_stays_while_somebody_may_be_at_work_on_it() -> None:
    half = Entry(january(21, 1).taken_at, DUMP)
    found = [january(22), january(21, 2)]
    for ago, stays in ((LONGEST - timedelta(hours=1), True), (LONGEST, False)):
        verdicts = plan([*found, replace(half, stored_at=NOW - ago)], Rules(daily=2))
        assert verdicts[-1].keep is stays


def test_a_pin_keeps_what_is_damaged_too_and_counts_for_nothing() -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    found = [
        replace(january(22), pinned=FOREVER),
        january(21),
        replace(january(20), pinned=until, damaged=True),
        replace(january(19), pinned=NOW - timedelta(seconds=1)),
        replace(january(18), pinned=NOW),
    ]
    assert reasons(found, "last=1") == [
        "pinned, not counted",
        "last 1 of 1",
        "damaged, pinned until 2026-03-01T00:00:00Z, not counted",
        "goes: beyond last=1",
        "pinned until 2026-02-01T00:00:00Z, not counted",
    ]
    assert reasons(found, "1")[1] == "number 1 of the 1 to keep"


def test_no_rules_at_all_may_empty_a_vault() -> None:
    with pytest.raises(ValueError, match="would keep nothing"):
        plan([january(1)], Rules())


@pytest.mark.parametrize("zone", few([UTC, ZoneInfo("Europe/Berlin")]))
def test_four_years_day_by_day_leave_what_is_expected(zone: tzinfo) -> None:
    keep = read_retention("last=3 daily=14 weekly=8 monthly=12 yearly=3")
    vault: set[Entry] = set()
    at = datetime(2022, 6, 1, 2, 30, tzinfo=zone)
    for _ in range(4 * 365):
        made = Entry(at.astimezone(UTC), BOTH)
        vault = kept(plan({*vault, made}, keep, made.taken_at, now=at, zone=zone))
        at += timedelta(days=1)  # by the clock of the zone
    last = (at - timedelta(days=1)).date()
    days = {last - timedelta(days=ago) for ago in range(14)}
    sunday = last - timedelta(days=last.isoweekday())
    days |= {last, *(sunday - timedelta(weeks=ago) for ago in range(7))}
    first = last.replace(day=1)
    for _ in range(11):
        days.add(first - timedelta(days=1))
        first = (first - timedelta(days=1)).replace(day=1)
    days |= {last.replace(year=last.year - ago, month=12, day=31) for ago in (1, 2)}
    assert {entry.taken_at.astimezone(zone).date() for entry in vault} == days


def test_within_is_relative_to_the_newest_and_not_to_now() -> None:
    found = [january(day) for day in (10, 9, 8, 7)]
    assert len(kept(plan(found, Rules(within=Span(days=2)), now=NOW + timedelta(days=999)))) == 2
