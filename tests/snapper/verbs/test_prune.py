"""Pruning deletes the oldest beyond the count, the manifest first, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import BinaryIO

import pytest

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, ObjectUnreadable
from snapper.values.keys import mark_key
from snapper.values.secrets import Database
from snapper.values.verification import Verification
from snapper.verbs.bury import NoTrace
from snapper.verbs.catalog import backups
from snapper.verbs.events import Silence
from snapper.verbs.holding import Holding
from snapper.verbs.prune import judge, prune
from snapper.verbs.verify import record
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys


class Watched(Vault):
    """Remembers every delete; the chosen ones fail. It reads nothing, as the dumper may not."""

    def __init__(self, vault: Vault, fails: Callable[[int, str], bool] = lambda *_: False) -> None:
        super().__init__(vault.bucket, vault._client)
        self._fails = fails
        self.deleted: list[str] = []
        self.tried = 0

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        raise AssertionError(f"{key} was read")

    def delete(self, key: str) -> None:
        self.tried += 1
        if self._fails(self.tried, key):
            raise AwsFailed(f"s3:DeleteObject of {key} failed: InternalError")
        super().delete(key)
        self.deleted.append(key)


def orders(keep: int) -> Database:
    return Database("orders", "host=h", keep)


def times(vault: Vault) -> list[datetime]:
    return [holding.taken_at for holding in backups(vault, "orders")]


def test_the_oldest_go_first_and_of_each_the_manifest(vault: Vault) -> None:
    for number in range(4):
        store(vault, days(number))
    watched = Watched(vault)
    prune(watched, orders(2), Silence())
    assert watched.deleted == [
        "orders/2026-11-23T03-00-00Z.manifest.json",
        "orders/2026-11-23T03-00-00Z.sql.gz",
        "orders/2026-11-24T03-00-00Z.manifest.json",
        "orders/2026-11-24T03-00-00Z.sql.gz",
    ]
    assert times(vault) == [days(3), days(2)]


def test_what_goes_is_told_with_the_reason(vault: Vault, events: RecordedEvents) -> None:
    for number in range(3):
        store(vault, days(number))
    prune(vault, orders(2), events)
    assert events.reported == [
        (
            "backup.pruned",
            {
                "database": "orders",
                "scheduled_at": "2026-11-23T03:00:00Z",
                "reason": "number 3, beyond the 2 to keep",
            },
        )
    ]


def test_neighbours_and_what_is_not_ours_are_never_touched(vault: Vault) -> None:
    foreign = [
        "orders/notes.txt",
        "orders/2020-01-01T00-00-00Z.sql.gz.copy",
        "orders/old/2020-01-01T00-00-00Z.sql.gz",
        "orders/\uff12\uff10\uff12\uff10-01-01T00-00-00Z.sql.gz",
        "orders/2020-13-01T00-00-00Z.manifest.json",
        "orders",
    ]
    for key in foreign:
        vault.put(key, b"mine")
    for neighbour in ("orders2", "ORDERS", "order", "x"):
        for number in range(3):
            store(vault, days(-number), neighbour)
    before = keys(vault)
    for number in range(3):
        store(vault, days(number))
    prune(vault, orders(1), Silence())
    left = set(keys(vault))
    assert set(before) <= left
    assert times(vault) == [days(2)]


def test_the_one_just_made_stays_though_newer_ones_fill_the_count(vault: Vault) -> None:
    for number in range(3):
        store(vault, days(number))
    prune(vault, orders(1), Silence(), just_made=AT)
    assert times(vault) == [days(2), AT]


def test_nothing_goes_while_there_are_too_few(vault: Vault) -> None:
    store(vault, days(1))
    vault.put("orders/2020-01-01T00-00-00Z.sql.gz", b"half")
    watched = Watched(vault)
    prune(watched, orders(2), Silence())
    assert watched.deleted == []


def test_an_old_half_is_swept_and_not_counted(vault: Vault) -> None:
    store(vault, days(1))
    store(vault, days(2))
    vault.put("orders/2026-11-23T03-00-00Z.sql.gz", b"half")
    vault.put("orders/2026-11-26T03-00-00Z.sql.gz", b"under way")
    watched = Watched(vault)
    prune(watched, orders(2), Silence())
    assert watched.deleted == ["orders/2026-11-23T03-00-00Z.sql.gz"]


@pytest.fixture
def with_two_bad(vault: Vault) -> Watched:
    """Four backups; of the two in the middle one is empty and the other found unsound."""
    made = [store(vault, days(number)) for number in range(4)]
    vault.put(made[2].dump_key, b"")
    unsound = Verification(days(3), made[1].sha256, sound=False, reason="one bit is flipped")
    record(vault, "orders", days(1), unsound)
    return Watched(vault)


def test_what_a_listing_shows_as_damaged_pushes_out_no_good_backup(with_two_bad: Watched) -> None:
    verdicts = prune(with_two_bad, orders(2), Silence())
    assert with_two_bad.deleted == []
    assert [verdict.reason for verdict in verdicts] == [
        "number 1 of the 2 to keep",
        "damaged, never counted",
        "damaged, never counted",
        "number 2 of the 2 to keep",
    ]


def test_what_is_damaged_goes_whole_once_it_is_older_than_all_that_stays(
    with_two_bad: Watched,
) -> None:
    newer = [days(3) + timedelta(hours=number) for number in (2, 1)]
    for at in newer:
        store(with_two_bad, at)
    prune(with_two_bad, orders(2), Silence())
    assert times(with_two_bad) == newer
    assert len(keys(with_two_bad)) == 4


def test_a_backup_that_was_mended_counts_again(with_two_bad: Watched) -> None:
    store(with_two_bad, days(2))
    prune(with_two_bad, orders(2), Silence())
    assert times(with_two_bad) == [days(3), days(2)]


def test_of_damage_that_no_listing_shows_the_caller_knows(vault: Vault) -> None:
    for number in range(3):
        store(vault, days(number))
    watched, known = Watched(vault), {days(1)}
    judged = judge(watched, orders(2), known)
    assert prune(watched, orders(2), Silence(), damaged=known) == judged
    assert judged[1].reason == "damaged, never counted"
    assert watched.deleted == []


@pytest.mark.parametrize("fatal", [1, 2, 3, 4])
def test_after_a_failed_delete_the_newest_are_whole_and_the_next_run_ends_the_work(
    fatal: int, vault: Vault, events: RecordedEvents
) -> None:
    for number in range(4):
        store(vault, days(number))
    watched = Watched(vault, lambda call, _: call == fatal)
    with pytest.raises(AwsFailed):
        prune(watched, orders(2), events)
    assert times(vault)[:2] == [days(3), days(2)]
    assert all(holding.entry.complete for holding in backups(vault, "orders"))
    assert len(events.names()) == 1  # the failure of one did not keep the other
    prune(vault, orders(2), Silence())
    assert len(keys(vault)) == 4


@pytest.mark.parametrize("survived", [0, 1, 2, 3, 4])
def test_after_a_crash_between_two_deletes_the_next_run_ends_the_work(
    survived: int, vault: Vault
) -> None:
    for number in range(4):
        store(vault, days(number))

    def crash(call: int, _: str) -> bool:
        if call > survived:
            raise KeyboardInterrupt
        return False

    if survived < 4:
        with pytest.raises(KeyboardInterrupt):
            prune(Watched(vault, crash), orders(2), Silence())
    assert all(holding.entry.complete for holding in backups(vault, "orders"))
    prune(vault, orders(2), Silence())
    assert times(vault) == [days(3), days(2)]
    assert len(keys(vault)) == 4


def test_pruning_twice_deletes_nothing_more(vault: Vault) -> None:
    for number in range(3):
        store(vault, days(number))
    prune(vault, orders(2), Silence())
    watched = Watched(vault)
    assert all(verdict.keep for verdict in prune(watched, orders(2), Silence()))
    assert watched.deleted == []


def test_one_that_nobody_can_bury_stays_and_keeps_no_other(vault: Vault) -> None:
    """Whoever can store objects can archive one: the pruner then cannot read its manifest."""

    class Archived(NoTrace):
        def bury(self, holding: Holding, reason: str) -> None:
            if holding.taken_at == AT:
                raise ObjectUnreadable("InvalidObjectState")

    for number in range(4):
        store(vault, days(number))
    with pytest.raises(ObjectUnreadable):
        prune(vault, orders(2), Silence(), undertaker=Archived())
    assert times(vault) == [days(3), days(2), AT]


def test_a_judgement_deletes_nothing(vault: Vault) -> None:
    for number in range(3):
        store(vault, days(number))
    watched = Watched(vault)
    assert [verdict.keep for verdict in judge(watched, orders(2))] == [True, True, False]
    assert watched.tried == 0


def test_a_late_one_goes_with_its_mark_after_those_that_were_begun_before(vault: Vault) -> None:
    """The job of the first day was tried again after that of the second had been done."""
    store(vault, AT)
    store(vault, days(1))
    vault.put(mark_key("orders", AT, days(1.5)), b"")
    watched = Watched(vault)
    prune(watched, orders(1), Silence())
    assert times(vault) == [AT]
    store(vault, days(2))
    prune(watched, orders(1), Silence())
    assert keys_and_marks(vault) == [
        "orders/2026-11-25T03-00-00Z.manifest.json",
        "orders/2026-11-25T03-00-00Z.sql.gz",
    ]
    assert watched.deleted[-2:] == [
        "orders/2026-11-23T03-00-00Z.begun-2026-11-24T15-00-00Z",
        "orders/2026-11-23T03-00-00Z.sql.gz",
    ]


def test_of_lateness_that_no_listing_shows_the_caller_knows(vault: Vault) -> None:
    store(vault, AT)
    store(vault, days(1))
    late = {AT: days(1.5)}
    assert [each.entry.taken_at for each in judge(vault, orders(1), late=late)] == [AT, days(1)]
    prune(vault, orders(1), Silence(), late=late)
    assert times(vault) == [AT]


def keys_and_marks(vault: Vault) -> list[str]:
    return [stored.key for stored in vault.list("")]
