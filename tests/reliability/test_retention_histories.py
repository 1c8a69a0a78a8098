"""Whatever has happened to a vault: pruning keeps what must stay, and touches nobody else's."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed
from snapper.values.keys import Kind, mark_key, object_key, parse_key, parse_mark, read_key
from snapper.values.pin import FOREVER, parse_pin, pin_key
from snapper.values.retention import SMALLEST_DUMP
from snapper.values.secrets import Database
from snapper.verbs.events import Silence
from snapper.verbs.prune import judge, prune
from tests.support.databases import AT
from tests.support.faults import faulted, tried
from tests.support.twin import MemoryVault

NEIGHBOURS = ("app", "app2", "APP")
FOREIGN = (
    "app/notes.txt",
    "app/2020-01-01T00-00-00Z.sql",  # the shape is nearly ours
    "app/2020-13-01T00-00-00Z.sql.gz",
    "app/old/2020-01-01T00-00-00Z.sql.gz",
    "app/2020-01-01T00-00-00Z.sql.gz.bak",
    "app",
    "2020-01-01T00-00-00Z.sql.gz",
    "ap/2020-01-01T00-00-00Z.sql.gz",
)
WHOLE = (Kind.DUMP, Kind.CONTENTS, Kind.MANIFEST)
VERDICTS = (Kind.VERIFICATION, Kind.DAMAGED)
BODY = b"x" * SMALLEST_DUMP

databases = st.sampled_from(NEIGHBOURS)
times = st.integers(0, 12).map(lambda hour: AT + timedelta(hours=hour))
delays = st.sampled_from([20, 60, 95, 300]).map(lambda minutes: timedelta(minutes=minutes))
verdicts = st.sampled_from(VERDICTS)
halves = st.sampled_from([*((kind,) for kind in Kind), (Kind.DUMP, Kind.VERIFICATION)])
# What befalls the deletes of one pruning, by their number: nothing, death, a refusal.
faults = st.dictionaries(st.integers(0, 8), st.sampled_from(["dies", "is refused"]), max_size=2)


class Died(BaseException):
    """The process ends here; no handler of the product's may catch it."""


class Histories(RuleBasedStateMachine):
    """Random lives of one vault that three databases share."""

    @initialize(
        keep=st.integers(1, 3),
        foreign=st.sets(st.sampled_from(FOREIGN)),
        past=st.lists(st.tuples(databases, times), max_size=12),
    )
    def begin(self, keep: int, foreign: set[str], past: list[tuple[str, datetime]]) -> None:
        self.keep = keep
        self.vault = MemoryVault({key: b"not ours" for key in foreign})
        self.clock = AT + timedelta(days=1)  # nothing is stored before its time
        self.foreign = foreign
        for database, at in past:
            self._put(database, at, WHOLE)

    @rule(database=databases, at=times, faults=faults)
    def a_job_succeeds(self, database: str, at: datetime, faults: dict[int, str]) -> None:
        self._put(database, at, WHOLE)
        self._prune(database, faults, just_made=at)

    @rule(database=databases, at=times, delay=delays, faults=faults)
    def a_late_job_succeeds(
        self, database: str, at: datetime, delay: timedelta, faults: dict[int, str]
    ) -> None:
        self._write(mark_key(database, at, at + delay), b"")
        self._put(database, at, WHOLE)
        self._prune(database, faults, just_made=at)

    @rule(database=databases, at=times, kinds=halves)
    def a_job_dies_half_way(self, database: str, at: datetime, kinds: tuple[Kind, ...]) -> None:
        self._put(database, at, kinds)

    @rule(data=st.data(), verdict=verdicts)
    def a_backup_is_verified(self, data: st.DataObject, verdict: Kind) -> None:
        if dump := self._a_dump(data):
            self._write(dump.removesuffix(Kind.DUMP) + verdict, BODY)

    @rule(data=st.data(), days=st.sampled_from([1, 400, None]))
    def a_backup_is_pinned(self, data: st.DataObject, days: int | None) -> None:
        if found := read_key(self._a_dump(data) or ""):
            until = self.clock + timedelta(days=days) if days else FOREVER
            self._write(pin_key(found.database, found.at, until), b"{}")

    @rule(days=st.sampled_from([1, 100]))
    def days_go_by(self, days: int) -> None:
        self.clock += timedelta(days=days)

    @rule(seconds=st.integers(1, 9))
    def time_goes_by(self, seconds: int) -> None:
        self.clock += timedelta(seconds=seconds)

    @rule(data=st.data(), size=st.integers(0, SMALLEST_DUMP))
    def a_dump_is_cut_short(self, data: st.DataObject, size: int) -> None:
        if dump := self._a_dump(data):
            self._write(dump, BODY[:size])

    @rule(database=databases, faults=faults)
    def an_operator_prunes(self, database: str, faults: dict[int, str]) -> None:
        self._prune(database, faults, just_made=None)

    @rule(keep=st.integers(1, 5))
    def the_count_is_changed(self, keep: int) -> None:
        self.keep = keep

    @rule(data=st.data())
    def somebody_deletes_an_object(self, data: st.DataObject) -> None:
        if present := sorted(set(self.vault.objects) - self.foreign):
            self.vault.delete(data.draw(st.sampled_from(present)))

    @invariant()
    def foreign_objects_stay(self) -> None:
        if hasattr(self, "foreign"):
            assert self.foreign <= set(self.vault.objects)

    def _a_dump(self, data: st.DataObject) -> str | None:
        dumps = sorted(key for key in self.vault.objects if key.endswith(Kind.DUMP))
        return data.draw(st.sampled_from(dumps)) if dumps else None

    def _put(self, database: str, at: datetime, kinds: tuple[Kind, ...]) -> None:
        for kind in kinds:
            self._write(object_key(database, at, kind), BODY)

    def _write(self, key: str, body: bytes) -> None:
        self.vault.put(key, body)
        self.vault.changed[key] = self.clock  # to the second, as S3 has it

    def _prune(self, name: str, faults: dict[int, str], just_made: datetime | None) -> None:
        database = Database(name, "host=h", self.keep)
        now = self.clock
        must_stay = set(self.vault.objects) - expected(self.vault, name, self.keep, just_made, now)
        newest = set(good(self.vault, name)[: self.keep])
        deletes = 0

        def watch(key: str) -> None:
            nonlocal deletes
            assert due(name, key), f"{key} is not this database's"
            assert newest <= set(good(self.vault, name)), "between two deletes too few are left"
            deletes += 1
            match faults.get(deletes - 1):
                case "dies":
                    raise Died
                case "is refused":
                    raise AwsFailed(f"s3:DeleteObject of {key} failed: AccessDenied")

        whole = self.vault.copy()
        prune(whole, database, Silence(), just_made, now=now)
        assert set(whole.objects) == must_stay, "what is decided is what is done, no more, no less"
        self.vault.before_delete = watch
        met = 0
        try:
            prune(self.vault, database, Silence(), just_made, now=now)
        except (Died, AwsFailed):
            met = sum(number < deletes for number in faults)
        self.vault.before_delete = lambda key: None
        assert must_stay <= set(self.vault.objects)
        # Another attempt ends as if nothing had happened, and one more has nothing to do.
        for _again in range(2):
            prune(self.vault, database, Silence(), just_made, now=now)
            assert set(self.vault.objects) == must_stay
        tried("retention: deletes that die or are refused", times=met)
        tried("retention: histories pruned")


def due(database: str, key: str) -> datetime | None:
    """Give the scheduled time of any object of ours."""
    found = parse_key(database, key) or parse_mark(database, key) or parse_pin(database, key)
    return found[0] if found else None


def begun(vault: Vault, database: str) -> dict[datetime, tuple[datetime, datetime]]:
    """Say once more where each backup stands in the order, by its scheduled time."""
    places: dict[datetime, tuple[datetime, datetime]] = {}
    for stored in vault.list(f"{database}/"):
        if at := due(database, stored.key):
            mark = parse_mark(database, stored.key) or (at, at)
            places[at] = max(places.get(at, (at, at)), (mark[1], at))
    return places


def good(vault: Vault, database: str) -> list[datetime]:
    """Say once more, in other words, which backups count; newest first."""
    found = {stored.key: stored for stored in vault.list(f"{database}/")}

    def counts(at: datetime) -> bool:
        dump, manifest, sound, damaged = (
            found.get(object_key(database, at, kind))
            for kind in (Kind.DUMP, Kind.MANIFEST, *VERDICTS)
        )
        if not dump or not manifest or dump.size < SMALLEST_DUMP:
            return False
        if not damaged or damaged.changed_at < dump.changed_at:
            return True
        return sound is not None and sound.changed_at > damaged.changed_at

    times = {at for key in found if (at := due(database, key))}
    return sorted(filter(counts, times), key=begun(vault, database).__getitem__, reverse=True)


def pinned(vault: Vault, database: str, now: datetime) -> set[datetime]:
    """Say which are pinned still."""
    pins = (parse_pin(database, stored.key) for stored in vault.list(f"{database}/"))
    return {pin[0] for pin in pins if pin and pin[1] >= now}


def expected(
    vault: MemoryVault, database: str, keep: int, just_made: datetime | None, now: datetime
) -> set[str]:
    """Say once more, in other words, what must go."""
    stays, places = pinned(vault, database, now), begun(vault, database)
    counted = [at for at in good(vault, database) if at not in stays]
    moments = {one: max(at for at in counted if at <= places[one][0]) for one in counted}

    def newer_moments(at: datetime) -> int:
        """Count the scheduled times at which something newer was begun."""
        return len({moments[one] for one in counted if places[one] > places[at]})

    made = {object_key(database, just_made, kind) for kind in WHOLE} if just_made else set()
    whole = bool(made) and made <= set(vault.objects)
    return {
        key
        for key in vault.objects
        if (at := due(database, key))
        and newer_moments(at) >= keep
        and not (whole and at == just_made)
        and at not in stays
    }


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=25)


class LongHistories(Histories):
    """The same, for as long as it is worth it."""


TestLongHistories = pytest.mark.long(LongHistories.TestCase)
TestLongHistories.settings = settings(max_examples=2000, stateful_step_count=60)


@pytest.mark.long
def test_2_pages_of_backups_are_pruned_after_a_crash(vault: Vault) -> None:
    prune_many(vault, 350)


@pytest.mark.long
def test_5000_backups_are_pruned_after_crashes(vault: Vault) -> None:
    prune_many(vault, 5000)


def prune_many(vault: Vault, number: int) -> None:
    """Prune a vault of many pages on the real S3 API; it dies twice on the way."""
    moments = [AT - timedelta(hours=hour) for hour in range(number)]
    ours = {object_key("app", at, kind) for at in moments for kind in WHOLE}
    others = {
        object_key(name, AT - timedelta(days=9), kind) for name in ("app2", "APP") for kind in WHOLE
    } | {"app/notes.txt"}
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda key: vault.put(key, BODY), ours | others))
    database = Database("app", "host=h", 3)
    assert len(judge(vault, database)) == number
    for part in (2, 3):
        with faulted("retention: death among many pages"):
            mortal = Mortal(vault, random.Random(number).randrange(number // part))  # noqa: S311
            with pytest.raises(Died):
                prune(mortal, database, Silence())
            assert good(vault, "app")[:3] == moments[:3]
    prune(vault, database, Silence())
    kept = {object_key("app", at, kind) for at in moments[:3] for kind in WHOLE}
    assert {stored.key for stored in vault.list("")} == kept | others


class Mortal(Vault):
    """Dies before its delete number so and so."""

    def __init__(self, vault: Vault, deletes: int) -> None:
        super().__init__(vault.bucket, vault._client)
        self._left = deletes

    def delete(self, key: str) -> None:
        self._left -= 1
        if self._left < 0:
            raise Died
        super().delete(key)
