"""Sealing as age does it (https://age-encryption.org/v1): what only its recipients can open.

All of it is done by pyrage, which is age's Rust library. It is imported where something is sealed:
who seals nothing does not wait for it.
"""

from collections.abc import Iterable

from snapper.sealing.recipient import Recipient


def seal(plain: bytes, recipients: Iterable[Recipient]) -> bytes:
    """Seal something small; raises ValueError where a recipient is none, or there is none."""
    import pyrage

    keys = [each.library_key() for each in recipients]
    try:
        sealed: bytes = pyrage.encrypt(plain, keys)
    except pyrage.EncryptError as error:
        raise ValueError(str(error)) from None
    return sealed


def seal_by_passphrase(plain: bytes, passphrase: str) -> bytes:
    """Seal something small by a passphrase, as text; a second of work keeps guesses rare."""
    import pyrage

    sealed: bytes = pyrage.passphrase.encrypt(plain, passphrase, armored=True)
    return sealed
