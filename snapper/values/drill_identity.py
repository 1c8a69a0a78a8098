"""The key by which drills open sealed backups: a secret that the prover alone reads."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from snapper.sealing.key_file import read_identities
from snapper.sealing.passphrase import WrongPassphrase
from snapper.values.packing import ROOM

DRILL_IDENTITY = "drillIdentity"
"""The key of the stack's config."""


def drill_identity_parameter(root: str) -> str:
    """Name the SecureString of the key by which drills open sealed backups."""
    return f"{root}/DRILL_IDENTITY"


@dataclass(frozen=True)
class DrillIdentity:
    """The key as it was written, and the digests of its public keys, which are no secret."""

    text: str = field(repr=False)
    public: tuple[str, ...]

    @property
    def told(self) -> str:
        """The digests as one text, as the signpost and the prover have them."""
        return ",".join(self.public)


def read_drill_identity(
    text: str | None, faults: list[str], *, encrypted: bool
) -> DrillIdentity | None:
    """Read the setting, if it is set; every fault joins `faults`, and none holds any of it."""
    if text is None:
        return None
    if not encrypted:
        faults.append(
            f"{DRILL_IDENTITY} is not encrypted: pulumi config set --secret {DRILL_IDENTITY}; what"
            " was kept in clear is no secret any more, so make another key"
        )
    if len(text.encode()) > ROOM:
        faults.append(f"{DRILL_IDENTITY} has more than {ROOM} bytes")
        return None
    try:
        identities = read_identities(text, nobody)
    except ValueError as fault:
        faults.append(f"{DRILL_IDENTITY} {fault}")
        return None
    return DrillIdentity(text, tuple(each.recipient.digest for each in identities))


def opens(told: str, recipients: Iterable[str]) -> bool:
    """Tell whether the key whose digests are told opens what is sealed for any of these."""
    return not set(told.split(",")).isdisjoint(recipients)


def nobody() -> str:
    """Refuse to give a passphrase."""
    raise WrongPassphrase("is protected by a passphrase, and nobody types it there")
