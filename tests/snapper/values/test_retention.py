"""Retention: never fewer than the count, never what was just made, the same from any side."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values import retention
from snapper.values.clock import AHEAD, TOLERANCE
from snapper.values.keys import Kind
from snapper.values.retention import Entry, Verdict
from tests.support.strategies import entries

BOTH = frozenset(Kind)
DUMP, MANIFEST = frozenset({Kind.DUMP}), frozenset({Kind.MANIFEST})
counts = st.integers(1, 30)


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


NOW = day(30)


def plan(found: Iterable[Entry], keep: int, just_made: datetime | None = None) -> list[Verdict]:
    """What retention says at the end of that month."""
    return retention.plan(found, keep, just_made, now=NOW)


def kept(verdicts: list[Verdict]) -> list[Entry]:
    return [verdict.entry for verdict in verdicts if verdict.keep]


def good(found: list[Entry]) -> list[Entry]:
    return [entry for entry in found if entry.complete and not entry.damaged]


def newest_first(found: list[Entry]) -> list[Entry]:
    return sorted(found, key=lambda entry: (entry.begun_at, entry.taken_at), reverse=True)


def gone(found: list[Entry], keep: int) -> set[Entry]:
    return {verdict.entry for verdict in plan(found, keep) if not verdict.keep}


@given(entries, counts)
def test_never_fewer_good_backups_stay_than_the_count_unless_there_are_fewer(
    found: list[Entry], keep: int
) -> None:
    staying = good(kept(plan(found, keep)))
    assert len(staying) >= min(keep, len(good(found)))
    on_time = [replace(entry, late_at=None) for entry in found]
    assert len(good(kept(plan(on_time, keep)))) == min(keep, len(good(found)))


@given(entries, counts)
def test_those_that_stay_are_the_newest(found: list[Entry], keep: int) -> None:
    staying = good(kept(plan(found, keep)))
    assert staying == newest_first(good(found))[: len(staying)]


@given(entries, counts, st.data())
def test_the_one_just_made_always_stays(found: list[Entry], keep: int, data: st.DataObject) -> None:
    if not found:
        return
    made = data.draw(st.sampled_from(found))
    verdicts = plan(found, keep, just_made=made.taken_at)
    if made.complete:
        assert made in kept(verdicts)
    assert len(good(kept(verdicts))) >= min(keep, len(good(found)))


@given(entries, counts)
def test_each_entry_gets_one_verdict_with_a_reason(found: list[Entry], keep: int) -> None:
    verdicts = plan(found, keep)
    assert [verdict.entry for verdict in verdicts] == newest_first(found)
    assert all(verdict.reason for verdict in verdicts)


@given(entries, counts, st.randoms(use_true_random=False))
def test_the_order_of_the_listing_does_not_matter(
    found: list[Entry], keep: int, chance: random.Random
) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert plan(shuffled, keep) == plan(found, keep)


@given(entries, counts)
def test_after_the_plan_is_carried_out_there_is_nothing_more_to_do(
    found: list[Entry], keep: int
) -> None:
    assert all(verdict.keep for verdict in plan(kept(plan(found, keep)), keep))


@given(entries, counts, st.data())
def test_a_crash_between_any_two_deletes_is_made_good_by_the_next_run(
    found: list[Entry], keep: int, data: st.DataObject
) -> None:
    """The deletes in prune's order: oldest first, of each the manifest and then the dump."""
    doomed = [verdict.entry for verdict in reversed(plan(found, keep)) if not verdict.keep]
    deletes = [(entry, kind) for entry in doomed for kind in Kind if kind in entry.kinds]
    deletes.sort(key=lambda one: (one[0].begun_at, one[0].taken_at, one[1] is Kind.DUMP))
    done = deletes[: data.draw(st.integers(0, len(deletes)))]
    left = [
        replace(entry, kinds=kinds)
        for entry in found
        if (kinds := entry.kinds - {kind for other, kind in done if other == entry})
    ]
    assert set(good(kept(plan(left, keep)))) == set(good(kept(plan(found, keep))))
    assert set(kept(plan(left, keep))) == set(kept(plan(found, keep)))


@given(entries, counts)
def test_halves_and_damage_are_never_counted_and_go_only_behind_all_that_stays(
    found: list[Entry], keep: int
) -> None:
    whole = good(found)
    assert good(kept(plan(found, keep))) == kept(plan(whole, keep))
    for bad in gone(found, keep) - set(whole):
        assert all(bad.begun_at <= entry.begun_at for entry in kept(plan(found, keep)))
        assert len(whole) >= keep


@given(entries, counts, st.data())
def test_to_hear_of_damage_never_deletes_more(
    found: list[Entry], keep: int, data: st.DataObject
) -> None:
    """So the dumper may believe a verdict that it cannot read: a false one costs no backup."""
    made = data.draw(st.sampled_from([None, *(entry.taken_at for entry in found)]))
    heard = [replace(entry, damaged=entry.damaged or data.draw(st.booleans())) for entry in found]
    before, after = plan(found, keep, made), plan(heard, keep, made)
    assert all(new.keep or not old.keep for old, new in zip(before, after, strict=True))


@given(entries, counts)
def test_a_larger_count_never_deletes_more(found: list[Entry], keep: int) -> None:
    assert gone(found, keep + 1) <= gone(found, keep)


@pytest.mark.parametrize("keep", [0, -1, -1000])
def test_no_count_may_empty_a_vault(keep: int) -> None:
    with pytest.raises(ValueError, match="would keep nothing"):
        plan([Entry(day(1), BOTH)], keep)


def test_bad_ones_in_the_middle_push_out_no_good_one() -> None:
    found = [Entry(day(n), BOTH, damaged=n in {2, 3}) for n in (4, 3, 2, 1)]
    assert [(verdict.keep, verdict.reason) for verdict in plan(found, 3)] == [
        (True, "number 1 of the 3 to keep"),
        (True, "damaged, never counted"),
        (True, "damaged, never counted"),
        (True, "number 2 of the 3 to keep"),
    ]


def test_a_damaged_one_goes_once_enough_good_ones_are_newer() -> None:
    damaged = Entry(day(1), BOTH, damaged=True)
    (_, verdict) = plan([damaged, Entry(day(2), BOTH)], 1)
    assert verdict == Verdict(damaged, False, "damaged, older than every backup that stays")


def test_the_reasons_tell_the_rank() -> None:
    found = [Entry(day(4), DUMP), *(Entry(day(n), BOTH) for n in (3, 2, 1)), Entry(day(5), BOTH)]
    assert [(verdict.keep, verdict.reason) for verdict in plan(found, 2, just_made=day(1))] == [
        (True, "number 1 of the 2 to keep"),
        (True, "unfinished, never counted"),
        (True, "number 2 of the 2 to keep"),
        (False, "number 3, beyond the 2 to keep"),
        (True, "just made"),
    ]


def test_what_lost_its_dump_is_said_to_have_lost_it() -> None:
    (verdict,) = plan([Entry(day(1), MANIFEST)], 1)
    assert verdict.reason == "its dump is gone, never counted"


def test_a_half_is_swept_once_enough_backups_are_newer() -> None:
    half = Entry(day(1), MANIFEST)
    assert gone([half, Entry(day(2), BOTH)], 2) == set()
    assert gone([half, Entry(day(2), BOTH), Entry(day(3), BOTH)], 2) == {half}


def test_an_empty_vault_needs_nothing() -> None:
    assert plan([], 1) == []


ahead_of_now = st.timedeltas(TOLERANCE + timedelta(seconds=1), timedelta(days=365 * 7000)).map(
    lambda ahead: NOW + ahead
)
forged = st.lists(
    st.builds(
        Entry,
        ahead_of_now,
        st.sampled_from([BOTH, DUMP, MANIFEST, frozenset({Kind.DUMP, Kind.MANIFEST})]),
        st.booleans(),
        st.none() | ahead_of_now,
    ),
    max_size=12,
    unique_by=lambda entry: entry.taken_at,
)


@given(entries, counts, forged, st.data())
def test_what_is_stamped_later_than_now_moves_nothing(
    found: list[Entry], keep: int, more: list[Entry], data: st.DataObject
) -> None:
    """Forged backups, and forged marks on true ones that were on time, in any number."""
    made = data.draw(st.sampled_from([None, *(entry.taken_at for entry in found)]))
    marked = [
        replace(entry, late_at=data.draw(st.none() | ahead_of_now)) if not entry.late_at else entry
        for entry in found
    ]
    verdicts = plan([*more, *marked], keep, made)
    assert [each for each in verdicts if not each.entry.ahead] == plan(found, keep, made)
    assert all(each.keep for each in verdicts if each.entry.ahead)


@given(entries, counts, st.data())
def test_to_hear_that_one_bears_a_time_still_to_come_never_deletes_more(
    found: list[Entry], keep: int, data: st.DataObject
) -> None:
    """As only the manifest may say: who reads it knows more than the listing shows."""
    heard = [replace(entry, ahead=data.draw(st.booleans())) for entry in found]
    before, after = plan(found, keep), plan(heard, keep)
    assert all(new.keep or not old.keep for old, new in zip(before, after, strict=True))


def test_clocks_may_differ_a_little() -> None:
    soon, far = Entry(NOW + TOLERANCE, BOTH), Entry(NOW + 2 * TOLERANCE, BOTH)
    assert [(each.keep, each.reason) for each in plan([soon, far, Entry(day(1), BOTH)], 1)] == [
        (True, f"{AHEAD}, never counted"),
        (True, "number 1 of the 1 to keep"),
        (False, "number 2, beyond the 1 to keep"),
    ]


def hour(number: float) -> datetime:
    return day(23) + timedelta(hours=number)


def test_they_are_ordered_by_when_they_were_begun() -> None:
    """A job of 20:00 that was tried again at 21:35 holds newer data than that of 21:30 has."""
    late, other = Entry(hour(20), BOTH, late_at=hour(21.6)), Entry(hour(21.5), BOTH)
    older = [Entry(hour(19), BOTH), Entry(hour(18), BOTH)]
    found = [verdict.entry for verdict in plan([*older, other, late], 1)]
    assert found == [late, other, *older]
    assert kept(plan([*older, other, late], 1)) == [late]


def test_what_was_begun_between_the_same_two_times_is_counted_once() -> None:
    late = [Entry(hour(n), BOTH, late_at=hour(6) + timedelta(minutes=n)) for n in (3, 4, 5)]
    found = [Entry(hour(6), BOTH), *late, *(Entry(hour(n), BOTH) for n in (2, 1, 0))]
    assert [(verdict.keep, verdict.reason) for verdict in plan(found, 3)] == [
        (True, "number 1 of the 3 to keep"),
        (True, "counted together with number 1 of the 3 to keep"),
        (True, "counted together with number 1 of the 3 to keep"),
        (True, "counted together with number 1 of the 3 to keep"),
        (True, "number 2 of the 3 to keep"),
        (True, "number 3 of the 3 to keep"),
        (False, "number 4, beyond the 3 to keep"),
    ]


@given(
    counts,
    st.integers(5, 20),
    st.floats(0.1, 20),
    st.lists(st.sampled_from([2, 10, 30, 90, 180]), min_size=1, max_size=4),
)
def test_retries_after_an_outage_push_no_older_hour_out(
    keep: int, gone_at: int, outage: float, pauses: list[int]
) -> None:
    """An hour in which anything was begun costs one of the oldest, however much came late in it."""
    away = (gone_at + 0.5, gone_at + 0.5 + outage)
    made: dict[int, float] = {}
    for due in range(int(away[1]) + 8):
        attempts = [due + sum(pauses[:number]) / 60 for number in range(len(pauses) + 1)]
        for at in attempts:
            if not away[0] < at < away[1]:
                made[due] = at
                break
    vault: list[Entry] = []
    before = sorted(due for due, at in made.items() if at < away[0])
    since: set[int] = set()
    for due, at in sorted(made.items(), key=lambda one: one[1]):
        late = hour(at) if at - due > 0.25 else None
        vault = kept(plan([*vault, Entry(hour(due), BOTH, late_at=late)], keep, hour(due)))
        if at < away[0]:
            continue
        since.add(int(at))
        staying = {entry.taken_at for entry in vault}
        for older in before[max(0, len(before) - max(0, keep - len(since))) :]:
            assert hour(older) in staying, f"{older}:00 was pushed out at {at}"
