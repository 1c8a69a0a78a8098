"""Of all backups the one is chosen that is meant, and none that is known to be damaged."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, BackupDamaged, BackupNotFound
from snapper.values.keys import mark_key
from snapper.values.manifest import Manifest
from snapper.values.verification import Verification
from snapper.verbs.choice import find, newest
from snapper.verbs.verify import record
from tests.support.backups import days, store
from tests.support.databases import AT

HOUR = timedelta(hours=1)


def test_the_newest_is_found_or_the_newest_not_after_a_time(vault: Vault) -> None:
    for number in range(3):
        store(vault, days(number))
    assert find(vault, "orders").scheduled_at == days(2)
    assert find(vault, "orders", days(1)).scheduled_at == days(1)
    assert find(vault, "orders", days(1.5)).scheduled_at == days(1)
    with pytest.raises(BackupNotFound, match="at or before 2026-11-22T03:00:00Z"):
        find(vault, "orders", days(-1))


def test_one_that_was_begun_a_little_later_has_the_time_that_it_was_due(vault: Vault) -> None:
    store(vault, AT, started_at=AT + timedelta(minutes=3))
    assert find(vault, "orders", AT).scheduled_at == AT
    with pytest.raises(BackupNotFound):
        find(vault, "orders", AT + timedelta(minutes=1))
    assert find(vault, "orders", AT + timedelta(minutes=3)).scheduled_at == AT


def test_a_backup_that_was_made_late_is_no_witness_of_the_time_before(vault: Vault) -> None:
    store(vault, AT, started_at=AT + timedelta(seconds=3))
    store(vault, days(1), started_at=days(1) + 3 * HOUR)
    told: list[str] = []
    assert find(vault, "orders", days(1) + 2 * HOUR).scheduled_at == AT
    assert find(vault, "orders", days(1) + 3 * HOUR).scheduled_at == days(1)
    assert find(vault, "orders", days(1), told.append).scheduled_at == AT
    (warning,) = told
    assert warning == (
        "the backup that was due at 2026-11-24T03:00:00Z was begun at 2026-11-24T06:00:00Z only"
    )
    assert find(vault, "orders").scheduled_at == days(1)


def test_a_name_means_that_very_backup_whenever_it_was_begun(vault: Vault) -> None:
    store(vault, AT)
    store(vault, days(1), started_at=days(1) + 3 * HOUR)
    assert find(vault, "orders", days(1), exactly=True).scheduled_at == days(1)
    assert newest(vault, "orders", days(1), exactly=True).taken_at == days(1)
    with pytest.raises(BackupNotFound, match="of 2026-11-25T03:00:00Z"):
        find(vault, "orders", days(2), exactly=True)


def test_of_two_the_one_that_was_begun_later_is_the_newest(vault: Vault) -> None:
    """A job of 20:00 that was tried again at 21:35 holds newer data than that of 21:30 has."""
    due = AT.replace(hour=20)
    store(vault, due, started_at=due + timedelta(minutes=95))
    store(vault, due + timedelta(minutes=90), started_at=due + timedelta(minutes=91))
    assert find(vault, "orders").scheduled_at == due
    assert newest(vault, "orders").taken_at == due
    assert find(vault, "orders", due + timedelta(minutes=92)).scheduled_at != due
    with pytest.raises(BackupNotFound):
        find(vault, "orders", due)


def unreadable(vault: Vault, manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an object is that was archived, or whose key is disabled."""
    read = vault.read

    def refuse(key: str) -> bytes:
        if key == manifest.key:
            raise AwsFailed("s3 GetObject: InvalidObjectState")
        return read(key)

    monkeypatch.setattr(vault, "read", refuse)


def test_an_older_one_that_cannot_be_read_is_in_nobodys_way(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [store(vault, days(number)) for number in range(3)]
    unreadable(vault, made[1], monkeypatch)
    assert find(vault, "orders").scheduled_at == days(2)
    assert find(vault, "orders", days(0)).scheduled_at == days(0)
    assert find(vault, "orders", days(0), exactly=True).scheduled_at == days(0)
    assert newest(vault, "orders").taken_at == days(2)


def test_one_that_cannot_be_read_stands_where_it_was_begun(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = store(vault, days(0), started_at=days(3))
    vault.put(mark_key("orders", days(0), days(3)), b"")
    store(vault, days(1))
    unreadable(vault, late, monkeypatch)
    assert newest(vault, "orders").taken_at == days(0)
    assert find(vault, "orders", days(2)).scheduled_at == days(1)
    with pytest.raises(AwsFailed, match="InvalidObjectState"):
        find(vault, "orders")


def test_the_one_that_is_meant_is_not_passed_over_because_it_cannot_be_read(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [store(vault, days(number)) for number in range(3)]
    unreadable(vault, made[1], monkeypatch)
    with pytest.raises(AwsFailed, match="InvalidObjectState"):
        find(vault, "orders", days(1))
    record(vault, "orders", days(2), Verification(days(3), made[2].sha256, sound=False))
    with pytest.raises(AwsFailed, match="InvalidObjectState"):
        find(vault, "orders")


@pytest.fixture
def with_bad(vault: Vault) -> Vault:
    """Three backups: the newest is unsound, the one before it has another size."""
    made = [store(vault, days(number)) for number in range(3)]
    vault.put(made[1].dump_key, b"sql and more")
    unsound = Verification(days(3), made[2].sha256, sound=False, reason="one bit is flipped")
    record(vault, "orders", days(2), unsound)
    return vault


@pytest.mark.parametrize("at", [None, days(2.5)])
def test_what_is_known_to_be_damaged_is_passed_over_and_named(
    at: datetime | None, with_bad: Vault
) -> None:
    told: list[str] = []
    assert find(with_bad, "orders", at, told.append).scheduled_at == AT
    assert told == [
        "passed over the backup of orders at 2026-11-25T03:00:00Z, as damaged: one bit is flipped",
        "passed over the backup of orders at 2026-11-24T03:00:00Z, as damaged: "
        "orders/2026-11-24T03-00-00Z.sql.gz has 12 bytes, its manifest says 23",
    ]


@pytest.mark.parametrize("exactly", [False, True])
def test_a_damaged_one_that_is_named_is_refused_unless_it_may_be(
    exactly: bool, with_bad: Vault
) -> None:
    told: list[str] = []

    def named(*, even_damaged: bool = False) -> Manifest:
        return find(
            with_bad, "orders", days(2), told.append, exactly=exactly, even_damaged=even_damaged
        )

    with pytest.raises(BackupDamaged, match="at 2026-11-25T03:00:00Z is damaged: one bit"):
        named()
    assert told == []
    assert named(even_damaged=True).scheduled_at == days(2)
    assert told == ["the backup of orders at 2026-11-25T03:00:00Z is damaged: one bit is flipped"]


def test_where_none_is_good_the_newest_tells_why(vault: Vault) -> None:
    for number in range(2):
        made = store(vault, days(number))
        vault.put(made.key, replace(made, backup_bytes=9).to_json().encode())
    with pytest.raises(BackupDamaged, match=r"23 bytes.*, and no older one is good"):
        find(vault, "orders")


def test_what_is_to_be_judged_is_not_passed_over(with_bad: Vault) -> None:
    assert newest(with_bad, "orders").taken_at == days(2)
    assert newest(with_bad, "orders", days(1.5)).taken_at == days(1)
    with pytest.raises(BackupNotFound):
        newest(with_bad, "orders", days(-1))
