"""Lay canaries into the vault, sealed as the dumper seals: whoever opens one has the key."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.errors import AlreadyStored
from snapper.sealing.recipient import Recipient
from snapper.sealing.seal import seal
from snapper.values.canary import canary_key, canary_text


def lay(
    vault: Vault,
    stage: str,
    number: str,
    found: Mapping[str, Sequence[Recipient]],
    now: datetime,
) -> dict[str, str]:
    """Seal one for each of those that are named, by its recipients; give the objects' keys.

    Raises AwsFailed.
    """
    laid = {}
    for place, (database, recipients) in enumerate(found.items(), 1):
        key = canary_key(number, place, now)
        with suppress(AlreadyStored):  # by a call of ours whose answer was lost: the number is new
            vault.make(key, seal(canary_text(stage, database, number), recipients))
        laid[database] = key
    return laid
