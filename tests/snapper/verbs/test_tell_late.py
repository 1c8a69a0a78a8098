"""Each database that becomes late is told once, and rather twice than never."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from snapper.aws.logs import LogEvent
from snapper.aws.vault import Vault
from snapper.errors import AwsFailed
from snapper.values.keys import Kind, object_key
from snapper.values.late import AT_ONCE, Late
from snapper.values.options import UNSET, Options
from snapper.values.schedule import Rate
from snapper.values.timetable import Punctuality
from snapper.verbs.tell_late import BACK, Teller
from snapper.verbs.watch import watch
from tests.support.backups import store
from tests.support.databases import AT

DAILY = Punctuality(Rate(timedelta(days=1)))
HOUR, LATE = timedelta(hours=1), timedelta(hours=37)
MANY = tuple(f"db{number:03}" for number in range(AT_ONCE + 1))


@dataclass
class World:
    """A vault, the watcher's own log, the topic, and a clock that the test turns on."""

    vault: Vault
    now: datetime = AT
    known: Mapping[str, Options] = field(default_factory=dict)
    log: list[LogEvent] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    deaf: int | None = None
    unreadable: bool = False

    def events(self, since: datetime, pattern: str) -> Iterator[LogEvent]:
        """Give what a log group gives."""
        if self.unreadable:
            raise AwsFailed("logs:FilterLogEvents failed: AccessDenied")
        found = [each for each in self.log if each.at >= since]
        return iter([each for each in found if pattern.strip('"') in repr(each.fields)])

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Log as a function does."""
        self.log.append(LogEvent(self.now, event, {"message": event, **fields}))

    def publish(self, subject: str, text: str) -> None:
        """Take what is published, until the topic fails."""
        if self.deaf is not None and len(self.subjects) >= self.deaf:
            raise AwsFailed("sns:Publish to alarms failed: AuthorizationError")
        self.subjects.append(subject)
        self.texts.append(text)

    def look(self, *known: str, after: timedelta = HOUR, **options: Options) -> list[str]:
        """Let time pass, have the watcher look, and give the subjects that people got."""
        self.now += after
        before = len(self.subjects)
        double: Any = self
        watch(
            self.vault,
            {**dict.fromkeys(known, UNSET), **options},
            DAILY,
            lambda _: AT,
            Teller("prod", double, double).tell,
            self,
            self.now,
        )
        return self.subjects[before:]


@pytest.fixture
def world(vault: Vault) -> World:
    return World(vault)


def late(*keys: str) -> list[str]:
    return [f"Snapper prod: {key} late" for key in keys]


def test_two_that_become_late_one_after_the_other_are_both_told_and_once(world: World) -> None:
    store(world.vault, AT, "orders")
    store(world.vault, AT + 3 * HOUR, "people")
    assert world.look("orders", "people", after=36 * HOUR) == []
    assert world.look("orders", "people") == late("orders")
    assert world.look("orders", "people") == []
    assert world.look("orders", "people") == []
    assert world.look("orders", "people") == late("people")
    assert world.look("orders", "people") == []


def test_an_hour_in_which_nobody_looked_or_one_that_came_late_hides_nobody(world: World) -> None:
    store(world.vault, AT + HOUR / 2, "orders")
    assert world.look("orders", after=36 * HOUR) == []
    assert world.look("orders", after=2.2 * HOUR) == late("orders")
    assert world.look("orders", after=0.8 * HOUR) == []
    # It was late and told, and again nobody looked for an hour.
    assert world.look("orders", after=2 * HOUR) == []


def test_who_is_called_twice_tells_it_once_if_the_first_was_ready(world: World) -> None:
    store(world.vault, AT, "orders")
    assert world.look("orders", after=LATE) == late("orders")
    assert world.look("orders", after=timedelta(seconds=1)) == []


def test_who_is_called_beside_another_tells_it_too(world: World) -> None:
    """The other has counted already, and its log does not yet say that the topic knows."""
    store(world.vault, AT, "orders")
    assert world.look("orders", after=LATE) == late("orders")
    world.log = [each for each in world.log if each.name == "backups.watched"]
    assert world.look("orders", after=timedelta(seconds=1)) == late("orders")


def test_one_that_never_had_a_backup_is_told(world: World) -> None:
    assert world.look("orders", after=36 * HOUR) == []
    assert world.look("orders") == late("orders")
    assert "orders: there is none" in world.texts[0]
    assert world.look("orders") == []


def test_the_first_look_of_a_new_release_tells_all_that_are_late(world: World) -> None:
    store(world.vault, AT, "orders")
    store(world.vault, AT, "people")
    world.emit("backup.late", database="orders", newest="2026-11-23T03:00:00Z")
    assert world.look("orders", "people", after=100 * HOUR) == late("2 databases")


def test_after_hours_in_which_nobody_looked_all_that_are_late_are_told_again(world: World) -> None:
    store(world.vault, AT, "orders")
    assert world.look("orders", after=LATE) == late("orders")
    assert world.look("orders", after=BACK + HOUR) == late("orders")
    assert world.look("orders") == []


def test_one_whose_newest_backup_is_found_damaged_is_told_however_old_the_other_is(
    world: World,
) -> None:
    store(world.vault, AT, "orders")
    store(world.vault, AT + 60 * HOUR, "orders")
    assert world.look("orders", after=61 * HOUR) == []
    world.vault.put(object_key("orders", AT + 60 * HOUR, Kind.DAMAGED), b"{}")
    assert world.look("orders") == late("orders")


def test_one_that_may_from_now_on_be_less_old_is_told(world: World) -> None:
    store(world.vault, AT, "orders")
    assert world.look("orders", after=20 * HOUR) == []
    assert world.look(orders=Options(max_age_hours=6)) == late("orders")


def test_one_that_was_well_in_between_is_told_again(world: World) -> None:
    store(world.vault, AT, "orders")
    assert world.look("orders", after=LATE) == late("orders")
    store(world.vault, AT + LATE, "orders")
    assert world.look("orders") == []
    assert world.look("orders", after=LATE) == late("orders")


def test_a_topic_that_fails_keeps_nothing_from_being_counted_and_hears_it_the_next_time(
    world: World,
) -> None:
    store(world.vault, AT, "orders")
    world.deaf = 0
    with pytest.raises(AwsFailed, match="sns:Publish to alarms failed"):
        world.look("orders", after=LATE)
    assert [each.name for each in world.log] == ["backups.watched", "backup.late"]
    assert [each.fields["late"] for each in world.log if "late" in each.fields] == [1]
    world.deaf = None
    assert world.look("orders") == late("orders")
    assert world.look("orders") == []


def test_where_the_topic_fails_in_between_only_the_others_are_told_again(world: World) -> None:
    world.deaf = 1
    with pytest.raises(AwsFailed):
        world.look(*MANY, after=LATE)
    assert world.subjects == late(f"{AT_ONCE} databases")
    world.deaf = None
    assert world.look(*MANY) == late(MANY[-1])


def test_a_log_that_cannot_be_read_has_all_told_again_with_the_reason(world: World) -> None:
    store(world.vault, AT, "orders")
    world.unreadable = True
    assert world.look("orders", after=LATE) == late("orders")
    assert world.look("orders") == late("orders")
    assert "told before: logs:FilterLogEvents failed: AccessDenied" in world.texts[-1]


def test_a_log_in_which_others_have_written_says_of_nobody_that_it_was_told(world: World) -> None:
    for fields in ({"looked_at": 7, "told": "yes"}, {"told": True}, {"looked_at": None}):
        world.log.append(LogEvent(AT, "backup.late", {"database": "orders", **fields}))
    double: Any = world
    told = Teller("prod", double, double).tell([Late("orders", None, HOUR)], AT)
    assert world.subjects == late("orders")
    assert told.databases == {"orders"}
