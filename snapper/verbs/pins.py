"""Which pins a backup has: by the listing until when, and by reading them who has pinned it."""

from collections.abc import Iterator
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, BackupDamaged, ObjectGone
from snapper.values.pin import LONGEST, Pin
from snapper.verbs.holding import Holding


def pins_of(vault: Vault, holding: Holding) -> tuple[Pin, ...]:
    """Give the pins that hold a backup now, the longest first.

    What cannot be read, as under an older policy for operators, pins all the same.
    """
    return tuple(_pins(vault, holding))


def _pins(vault: Vault, holding: Holding) -> Iterator[Pin]:
    for until in lasting(holding):
        try:
            yield Pin.read(until, vault.read(holding.pins[until].key, LONGEST))
        except ObjectGone:
            continue  # it was let go since it was listed
        except (AwsFailed, BackupDamaged):
            yield Pin(until)


def lasting(holding: Holding) -> list[datetime]:
    """Give until when its pins hold it, those alone that still do."""
    return sorted((until for until in holding.pins if until >= holding.seen_at), reverse=True)
