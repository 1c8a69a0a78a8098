"""A restore in a container is ordered once, and followed to its end whatever becomes of it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from snapper.aws.batch import Found, State
from snapper.aws.logs import LogEvent
from snapper.engines.facts import Restoration
from snapper.errors import (
    AwsDenied,
    AwsFailed,
    BackupDamaged,
    BackupInProgress,
    RestoreFailed,
    SettingsError,
    SnapperError,
)
from snapper.values.cloud_restore import CloudRestore, in_pieces
from snapper.values.container import Size
from snapper.values.left_out import LeftOut
from snapper.verbs.order_restore import Ordered, digest_of, order, ordered
from snapper.verbs.restore_in_cloud import Ended, Following
from snapper.verbs.restore_report import MOST, to_dict
from snapper.verbs.restoring import Done
from tests.support.databases import AT
from tests.support.manifests import manifest

WISH = CloudRestore("orders", AT, "0" * 64, "copy", AT + timedelta(hours=1), create=True)
ORDERED = Ordered("orders-restore", "id-1", WISH.ordered_at)
REFUSED = LeftOut("comment", "extension plpgsql", "42501", "must be owner")
CAME = Restoration(("slow",), (REFUSED,), (replace(REFUSED, rows=True),), "copy_1", "ALTER", jobs=3)
DONE = Done("the database copy", True, ("reader",), ("older",), ("gunzip",), CAME, 4.5)
RUNS, KILLED = State("RUNNING"), State("FAILED", "OutOfMemoryError", 137)


def event(name: str, job: str = "id-1", **fields: Any) -> LogEvent:
    return LogEvent(WISH.ordered_at, name, {**WISH.identity, "job": job, **fields})


def reported(done: Done = DONE) -> list[LogEvent]:
    pieces = in_pieces(to_dict(done))
    found = [event("restore.reported", number=n, piece=piece) for n, piece in enumerate(pieces)]
    return [*reversed(found), event("restore.ended", pieces=len(found))]


class Batch:
    """Knows containers by their states, one after the other, and the last from then on."""

    def __init__(self, *states: State, identifier: str = "id-1") -> None:
        self.states, self.identifier = list(states), identifier
        self.submitted: list[tuple[str, str, Size]] = []

    def found(self, name: str) -> list[Found]:
        if not self.states:
            return []
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return [Found(self.identifier, AT, state)]

    def submit(self, payload: str, name: str, size: Size) -> str:
        self.submitted.append((payload, name, size))
        return "id-1"


class Logs:
    """A log to which one more event is written each time it is read."""

    def __init__(self, *events: LogEvent | AwsFailed) -> None:
        self._events, self._shown = events, 0

    def events(self, since: object, pattern: str) -> Iterator[LogEvent]:
        assert pattern == '"id-1"'
        self._shown += 1
        for each in self._events[: self._shown]:
            if not isinstance(each, AwsFailed):
                yield each
        if self._shown <= len(self._events):
            last = self._events[self._shown - 1]
            if isinstance(last, AwsFailed):
                raise last


def nothing(*_: object) -> None:
    pass


def log(*events: LogEvent) -> Any:
    """Give a log that has had these for a while."""
    return SimpleNamespace(events=lambda _, pattern: iter(events))


def followed(
    *events: LogEvent | AwsFailed,
    batch: Any = None,
    tell: Callable[[LogEvent], None] = nothing,
    stands: Callable[[str], None] = nothing,
) -> Ended:
    logs: Any = Logs(*events)
    states: Any = batch or Batch(RUNS)
    return Following(ORDERED, logs, states, tell, stands, nothing).to_its_end()


def test_what_it_has_done_is_given_and_each_event_is_told_once() -> None:
    told: list[str] = []
    stood: list[str] = []
    ended = followed(
        event("restore.began"),
        event("restore.ended", job="another"),
        *reported(),
        batch=Batch(State("RUNNABLE"), RUNS),
        tell=lambda each: told.append(each.name),
        stands=stood.append,
    )
    assert ended == Ended("orders", AT, WISH.manifest_sha256, DONE)
    assert (told[0], told[-1], set(told[1:-1])) == (
        *("restore.began", "restore.ended"),
        {"restore.reported"},
    )
    assert stood[:1] == ["RUNNABLE"]


def test_of_very_much_that_is_missing_the_first_is_named_and_the_rest_counted() -> None:
    many = replace(CAME, left_out=(REFUSED,) * (MOST + 2))
    came = followed(*reported(replace(DONE, came=many))).done.came
    assert came
    assert len(came.left_out) == MOST
    assert came.warnings == ("slow", "2 more things are left out, and not named here")


@pytest.mark.parametrize("piece", ["{", "[]", "{}", '{"place": 5}', None])
def test_a_report_of_nonsense_is_no_defect(piece: str | None) -> None:
    with pytest.raises(RestoreFailed, match="cannot be read"):
        followed(event("restore.reported", number=0, piece=piece), event("restore.ended", pieces=1))


@pytest.mark.parametrize(
    ("kind", "code"),
    [("SettingsError", 2), ("BackupDamaged", 4), ("AwsFailed", 8), ("KeyError", 1)],
)
def test_its_failure_is_raised_as_if_it_had_been_restored_here(kind: str, code: int) -> None:
    failed = event("restore.failed", kind=kind, reason="no", hint="do", now="one\ntwo")
    with pytest.raises(SnapperError, match="no") as raised:
        followed(event("restore.began"), failed)
    found = raised.value
    assert (str(found), found.exit_code, found.hint) == ("no", code, "do")
    assert raised.value.__notes__ == ["one", "two"]
    assert isinstance(raised.value, BackupDamaged) is (kind == "BackupDamaged")


def test_one_that_dies_without_a_word_has_ended() -> None:
    with pytest.raises(RestoreFailed, match="exit status 137: OutOfMemoryError") as raised:
        followed(event("restore.began"), batch=Batch(RUNS, KILLED))
    assert "not committed" in raised.value.__notes__[0]


def test_the_last_words_of_one_that_has_ended_are_waited_for() -> None:
    silence = [event("restore.progress", restored=n) for n in range(20)]
    assert followed(*silence, *reported(), batch=Batch(KILLED)).done == DONE


def test_lines_of_one_moment_may_come_in_any_order_and_more_than_once() -> None:
    first, *rest = reported()
    assert followed(*rest, *rest, event("restore.progress"), first).done == DONE
    with pytest.raises(RestoreFailed, match="has ended well, and what it says") as raised:
        followed(*rest)
    assert raised.value.exit_code == 9


def test_what_a_log_gives_again_from_before_what_was_asked_for_is_not_told_again() -> None:
    began = event("restore.began")
    later = replace(event("restore.progress"), at=began.at + timedelta(seconds=60, milliseconds=1))
    end = [replace(each, at=later.at) for each in reported()]
    told: list[str] = []
    followed(began, later, *end, tell=lambda each: told.append(each.name))
    assert told.count("restore.began") == 1


def test_of_one_that_went_well_and_whose_log_is_gone_nothing_worse_is_said() -> None:
    with pytest.raises(RestoreFailed, match="ended well, and what it says") as raised:
        followed(batch=Batch(State("SUCCEEDED", "Essential container in task exited", 0)))
    assert "expired" in raised.value.hint


def test_one_that_batch_does_not_list_yet_or_any_more_is_followed_by_its_log() -> None:
    assert followed(*reported(), batch=Batch()).done == DONE
    assert followed(*reported(), batch=Batch(KILLED, identifier="id-0")).done == DONE


def test_one_for_which_there_is_no_machine_is_not_waited_for_without_end() -> None:
    with pytest.raises(BackupInProgress, match="no machine yet"):
        followed(batch=Batch(State("RUNNABLE")))


def test_calls_that_fail_for_a_while_do_not_end_it() -> None:
    assert followed(*[AwsFailed("no network")] * 20, *reported()).done == DONE
    with pytest.raises(AwsFailed, match="no network"):
        followed(*[AwsFailed("no network")] * 40)


def test_who_may_not_read_the_log_is_told_at_once() -> None:
    with pytest.raises(AwsDenied):
        followed(AwsDenied("no"), *reported())


def test_the_same_that_is_under_way_is_joined_and_one_that_has_ended_is_not() -> None:
    batch: Any = Batch(RUNS, identifier="id-7")
    found = order(batch, log(), WISH, nothing)
    assert (found.identifier, found.joined, found.at, batch.submitted) == ("id-7", True, AT, [])
    batch = Batch(KILLED)
    found = order(batch, log(), WISH, nothing)
    assert found == Ordered(found.name, "id-1", WISH.ordered_at)
    assert batch.submitted == [(WISH.to_json(), found.name, WISH.size)]
    again: Any = Batch(RUNS)
    assert order(again, log(), replace(WISH, ordered_at=AT), nothing).name == found.name
    assert order(again, log(), replace(WISH, force=True), nothing).name != found.name


@pytest.mark.parametrize("end", ["restore.ended", "restore.failed"])
def test_one_that_has_said_its_end_is_not_joined_though_batch_does_not_know_it(end: str) -> None:
    batch: Any = Batch(RUNS, RUNS, State("SUCCEEDED"))
    assert not order(batch, log(event(end)), WISH, nothing).joined
    assert len(batch.submitted) == 1
    batch = Batch(RUNS)
    assert order(batch, log(event(end, job="id-7")), WISH, nothing).joined, "of another"
    with pytest.raises(BackupInProgress, match="has said how it ended"):
        order(batch, log(event(end)), WISH, nothing)
    assert batch.submitted == []


def test_one_that_batch_does_not_know_is_not_followed() -> None:
    known: Any = Batch(KILLED)
    assert ordered(known, "some-restore") == Ordered("some-restore", "id-1", AT, joined=True)
    unknown: Any = Batch()
    with pytest.raises(SettingsError, match="knows no restore some-restore"):
        ordered(unknown, "some-restore")


def test_of_a_manifest_that_was_just_replaced_no_digest_is_given() -> None:
    seen = manifest()
    vault: Any = SimpleNamespace(read=lambda _: seen.to_json().encode())
    assert digest_of(vault, seen) == hashlib.sha256(seen.to_json().encode()).hexdigest()
    with pytest.raises(BackupDamaged, match="just replaced"):
        digest_of(vault, replace(seen, dump_bytes=5))
