"""A summary that is old, cut short, forged, a bomb or in motion changes nothing that is shown."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from snapper.aws.vault import Vault
from snapper.values.keys import Kind, object_key
from snapper.values.summary import MOST, MOST_PACKED, pack, shard_of, summary_key, unpack
from snapper.verbs.listings import listings
from snapper.verbs.summarize import summarize
from snapper.verbs.summary import WORTH
from snapper.verbs.survey import survey
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.faults import faulted
from tests.support.recording import RecordedEvents
from tests.support.twin import MemoryVault

FAMILY = "hostile records: summaries"
KEYS = ("orders", "people")
NOW = days(40)
SUMMARY = summary_key(shard_of("orders"))


def filled() -> MemoryVault:
    vault = MemoryVault()
    for key in KEYS:
        for number in range(WORTH + 4):
            store(vault, days(number), key)
    kept(vault)
    return vault


def kept(vault: Vault) -> None:
    found = survey(vault, KEYS, lambda _, folder: folder.records, NOW)
    summarize(vault, found, RecordedEvents())


def forged(whole: bytes) -> bytes:
    """Say of every backup that it is of another server, in a record of the same size."""
    texts = [each.replace(b"17.2", b"99.9") for each in unpack(whole).values()]
    return pack(texts)


HARM: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "no gzip": lambda _: b"<html>503 slow down</html>",
    "cut short": lambda whole: whole[: len(whole) // 2],
    "cut at its end": lambda whole: whole[:-4],
    "of other records": lambda _: pack([b'{"version": 1}', b"{}"]),
    "forged": forged,
    "a bomb": lambda _: gzip.compress(bytes(2 * MOST)),
    "a bomb of one record": lambda _: gzip.compress(b"x" * (2 * MOST)),
    "too large": lambda _: os.urandom(MOST_PACKED + 1),
    "of two members": lambda whole: gzip.compress(b"{}") + whole,
    "JSON": lambda _: json.dumps({"records": ["x"]}).encode(),
}


@pytest.mark.parametrize("how", HARM)
def test_whatever_a_summary_holds_the_same_is_shown(how: str) -> None:
    vault = filled()
    expected = {key: listings(vault, [key], NOW)[key] for key in KEYS}
    with faulted(FAMILY):
        vault.put(SUMMARY, HARM[how](vault.objects[SUMMARY]))
        assert listings(vault, KEYS, NOW) == expected
        # The watcher makes a true one of it again.
        kept(vault)
        known = unpack(vault.objects[SUMMARY])
        made = vault.objects[object_key("orders", AT, Kind.MANIFEST)]
        assert made in known.values()
        assert listings(vault, KEYS, NOW) == expected


@pytest.mark.parametrize("place", range(20))
def test_wherever_a_byte_is_another(place: int) -> None:
    vault = filled()
    expected = listings(vault, KEYS, NOW)
    whole = bytearray(vault.objects[SUMMARY])
    whole[place * len(whole) // 20] ^= 1 << place % 8
    with faulted(FAMILY):
        vault.put(SUMMARY, bytes(whole))
        assert listings(vault, KEYS, NOW) == expected


def test_an_old_one_hides_no_change_and_shows_nothing_that_is_gone() -> None:
    vault = filled()
    old = vault.objects[SUMMARY]
    changed = store(vault, days(2), "orders", b"another dump, of another size")
    vault.delete(object_key("orders", days(3), Kind.MANIFEST))
    store(vault, days(35), "orders")
    kept(vault)
    expected = listings(vault, KEYS, NOW)
    with faulted(FAMILY):
        vault.put(SUMMARY, old)
        found = listings(vault, KEYS, NOW)
        assert found == expected
        assert changed in [each.manifest for each in found["orders"]]


def test_a_record_that_was_damaged_after_it_was_summed_up_is_damaged() -> None:
    vault = filled()
    key = object_key("orders", days(1), Kind.MANIFEST)
    with faulted(FAMILY):
        vault.put(key, vault.objects[key].replace(b"17.2", b"17.3"))
        (found,) = [e for e in listings(vault, KEYS, NOW)["orders"] if e.taken_at == days(1)]
        assert "was changed after it was written" in found.fault


class Moving(MemoryVault):
    """Has its summaries replaced between the listing and their reading, and between two reads."""

    replaced = 0

    def read(self, key: str, most: int = MOST) -> bytes:
        if key == SUMMARY:
            self.replaced += 1
            store(self, NOW + timedelta(hours=self.replaced), "people")
            kept_here = pack([b"{}"] * self.replaced)
            self.objects[SUMMARY] = kept_here
        return super().read(key, most)


def test_one_that_is_being_replaced_is_the_one_before_or_the_one_after() -> None:
    still = filled()
    moving = Moving(still.objects)
    moving.changed = dict(still.changed)
    with faulted(FAMILY):
        assert listings(moving, KEYS, NOW) == listings(still, KEYS, NOW)
        assert moving.replaced == 1
