"""A pin holds what is there; what goes in the same moment is told, and leaves no pin."""

from datetime import timedelta

import pytest

from snapper.errors import AwsDenied, BackupNotFound
from snapper.values.keys import Kind, object_key
from snapper.values.pin import FOREVER, Pin, pin_key
from snapper.verbs.catalog import holding_at
from snapper.verbs.keep import pin, unpin
from snapper.verbs.pins import pins_of
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.twin import MemoryVault

NOW = days(1)
MINE = Pin(FOREVER, "mine", "me", NOW)


class Pruned(MemoryVault):
    """Loses what is pinned in the very moment in which it is."""

    def make(self, key: str, body: bytes, kind: str = "") -> None:
        super().make(key, body, kind)
        self.delete(object_key("orders", AT, Kind.MANIFEST))


class Closed(MemoryVault):
    """Lets pins be listed, and not be read."""

    def read(self, key: str, most: int = 0) -> bytes:
        raise AwsDenied(f"s3:GetObject of {key} failed: AccessDenied")


def test_what_is_pruned_in_the_same_moment_is_told_and_leaves_no_pin() -> None:
    vault = Pruned()
    store(vault, AT)
    with pytest.raises(
        BackupNotFound, match="the backup of orders at 2026-11-23T03:00:00Z is gone"
    ):
        pin(vault, holding_at(vault, "orders", AT, NOW), MINE)
    assert not holding_at(vault, "orders", AT, NOW).pins


def test_nothing_but_a_pin_is_let_go_and_not_pinned() -> None:
    vault = MemoryVault({pin_key("orders", AT): MINE.to_json()})
    left = holding_at(vault, "orders", AT, NOW)
    with pytest.raises(BackupNotFound, match="is gone"):
        pin(vault, left, MINE)
    assert unpin(vault, left, dry_run=True) == (MINE,)
    assert unpin(vault, left) == (MINE,)
    assert not vault.objects


def test_what_may_not_be_read_pins_all_the_same() -> None:
    vault = Closed({pin_key("orders", AT): MINE.to_json()})
    assert pins_of(vault, holding_at(vault, "orders", AT, NOW)) == (Pin(FOREVER),)


def test_who_has_pinned_first_stays_known() -> None:
    vault = MemoryVault()
    store(vault, AT)
    for wanted, new in ((MINE, True), (Pin(FOREVER, "later", "you", NOW), False)):
        assert pin(vault, holding_at(vault, "orders", AT, NOW), wanted) is new
    later = Pin(NOW + timedelta(days=1), "too", "me", NOW)
    assert pin(vault, holding_at(vault, "orders", AT, NOW), later)
    found = holding_at(vault, "orders", AT, NOW)
    assert pins_of(vault, found) == (MINE, later)
    assert pins_of(vault, holding_at(vault, "orders", AT, NOW + timedelta(days=2))) == (MINE,)
