"""A tombstone for what is pruned: signed, and in its place before anything is deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from snapper.aws.signing import Signer
from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, ObjectGone, ObjectUnreadable
from snapper.values.chain import Check, Ref
from snapper.values.chain_material import Kept
from snapper.values.chain_nodes import State, node_of
from snapper.values.keys import Kind
from snapper.values.tombstone import Tombstone, tombstone_folder, tombstone_key, tombstone_number
from snapper.verbs.holding import Holding

KEPT = 50
"""Tombstones that stay though nobody need look back as far: what was told late may name them."""

_LONGEST_REASON = 500


class Undertaker(Protocol):
    """Sees to it that what is deleted leaves a trace."""

    def ready(self) -> None:
        """Raise what would keep a tombstone from being made."""
        ...

    def bury(self, holding: Holding, reason: str) -> None:
        """Leave the tombstone of a backup that is to be deleted; raises, and leaves none."""
        ...


class NoTrace:
    """Leaves none, where nothing is signed."""

    def ready(self) -> None:
        """Be ready."""

    def bury(self, holding: Holding, reason: str) -> None:
        """Do nothing."""


def bury_each(
    undertaker: Undertaker, doomed: Mapping[datetime, tuple[Holding, str]]
) -> dict[datetime, ObjectUnreadable]:
    """Leave a tombstone of each, for its reason, in this order; give which cannot have one.

    Those lie there so that nobody can read them: they stay, and keep no other from going. Raises
    whatever else keeps a tombstone from being made: then nothing may go.
    """
    stay: dict[datetime, ObjectUnreadable] = {}
    if doomed:
        undertaker.ready()
    for at, (holding, reason) in doomed.items():
        try:
            undertaker.bury(holding, reason)
        except ObjectUnreadable as error:
            stay[at] = error
    return stay


@dataclass(frozen=True)
class Graveyard:
    """Where tombstones go, who signs them, and whose signatures count."""

    vault: Vault
    signer: Signer
    check: Callable[[], Check]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def ready(self) -> None:
        """Raise what would keep a tombstone from being signed."""
        self.signer.try_out()

    def bury(self, holding: Holding, reason: str) -> None:
        """Leave a signed tombstone; of what has no manifest, or none of ours, there is none.

        What is there already was left by who died before deleting: it is made anew.
        """
        if Kind.MANIFEST not in holding.objects:
            return
        try:
            body = self.vault.read(holding.manifest_key)
        except (ObjectGone, BackupDamaged):
            return  # deleted meanwhile, or too large to be Snapper's
        check = self.check()
        kept = Kept(holding.manifest_key, body, holding.objects[Kind.MANIFEST].changed_at)
        node = node_of(kept, holding.taken_at, check)
        # What is not of this chain is buried alone: it speaks for nobody.
        ours = node.state is State.SIGNED and not node.astray
        previous = node.previous if ours and node.link and node.link.key == self.signer.key else ()
        whole = bool(ours and node.link and node.link.key == self.signer.key) and all(
            self._is_closed(holding.database, ref, check) for ref in previous
        )
        bare = Tombstone(
            holding.database,
            node.ref,
            previous,
            whole,
            reason[:_LONGEST_REASON],
            self.now(),
            self.signer.key,
        )
        stone = replace(bare, signature=self.signer.sign(bare.to_be_signed()))
        self.vault.put(stone.object_key, stone.to_json().encode())
        if whole:
            self._tidy(stone)

    def _is_closed(self, database: str, ref: Ref, check: Check) -> bool:
        """Tell whether one is buried, and nothing before it is still asked for."""
        try:
            stone = Tombstone.from_json(self.vault.read(tombstone_key(database, ref)))
        except (ObjectGone, BackupDamaged, ValueError):
            return False
        true = stone.database == database and stone.buried == ref and stone.is_signed(check)
        return true and (stone.whole or not stone.previous)

    def _tidy(self, stone: Tombstone) -> None:
        """Delete the tombstones that nobody need read again."""
        for stored in self.vault.list(tombstone_folder(stone.database)):
            number = tombstone_number(stone.database, stored.key)
            if number and number < stone.buried.number - KEPT:
                self.vault.delete(stored.key)
        for ref in stone.previous:
            if not ref.number:
                self.vault.delete(tombstone_key(stone.database, ref))
