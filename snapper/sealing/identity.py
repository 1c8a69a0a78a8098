"""Secret keys: each opens what was sealed for its public key. No text here ever holds one.

cryptography is imported where something is opened: who opens nothing does not wait for it.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from snapper.sealing.bech32 import read_bech32, write_bech32
from snapper.sealing.curve import EverybodyKnows, exchanged, montgomery, public_of
from snapper.sealing.header import FILE_KEY_BYTES, HeaderWrong, Stanza, derived, unbased
from snapper.sealing.recipient import X25519, Recipient
from snapper.sealing.ssh_wire import ED25519, RSA, wire_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_LABEL = b"age-encryption.org/v1/"
_WRAPPED = FILE_KEY_BYTES + 16


class Identity(Protocol):
    """A secret key."""

    @property
    def recipient(self) -> Recipient:
        """The public key that belongs to it."""
        ...

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Give the file's key out of a header's stanza; None if that is not for this key.

        Raises HeaderWrong for one that is malformed.
        """
        ...


@dataclass(frozen=True)
class AgeIdentity:
    """A key of age's own kind."""

    recipient: Recipient
    _secret: bytes = field(repr=False)

    @classmethod
    def read(cls, text: str) -> "AgeIdentity":
        """Take an AGE-SECRET-KEY-1…; raises ValueError."""
        return cls.of(read_bech32(text, "age-secret-key-"))

    @classmethod
    def of(cls, secret: bytes) -> "AgeIdentity":
        """Make one of its 32 bytes; raises ValueError."""
        if len(secret) != 32:
            raise ValueError(f"has {len(secret)} bytes in place of 32")
        return cls(Recipient(write_bech32(public_of(secret), "age")), secret)

    @property
    def text(self) -> str:
        """The secret key as it is kept in a file; never to be shown."""
        return write_bech32(self._secret, "age-secret-key-").upper()

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Give the file's key, None if it is not for this key; raises HeaderWrong."""
        if stanza.kind != X25519:
            return None
        share = _share(stanza, 1)
        shared = _exchanged(self._secret, share)
        key = derived(shared, share + public_of(self._secret), _LABEL + b"X25519")
        return _unsealed(key, stanza.body)


@dataclass(frozen=True)
class Ed25519Identity:
    """A key of SSH's kind ssh-ed25519, by its seed."""

    recipient: Recipient
    _seed: bytes = field(repr=False)
    _public: bytes = field(repr=False)

    @classmethod
    def of(cls, seed: bytes, public: bytes) -> "Ed25519Identity":
        """Make one of its seed and its public key, of 32 bytes each."""
        return cls(_ssh_recipient(ED25519, public), seed, public)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Give the file's key, None if it is not for this key; raises HeaderWrong."""
        wire = wire_of(ED25519, self._public)
        if stanza.kind != ED25519 or not _is_tagged(stanza, wire, 2):
            return None
        share = _share(stanza, 2)
        secret = hashlib.sha512(self._seed).digest()[:32]
        tweak = derived(b"", wire, _LABEL + b"ssh-ed25519")
        shared = _exchanged(tweak, _exchanged(secret, share))
        key = derived(shared, share + montgomery(self._public), _LABEL + b"ssh-ed25519")
        return _unsealed(key, stanza.body)


@dataclass(frozen=True)
class RsaIdentity:
    """A key of SSH's kind ssh-rsa."""

    recipient: Recipient
    _key: "RSAPrivateKey" = field(repr=False)
    _wire: bytes = field(repr=False)

    @classmethod
    def of(cls, key: "RSAPrivateKey") -> "RsaIdentity":
        """Make one of the library's key."""
        numbers = key.public_key().public_numbers()
        parts = [
            number.to_bytes(number.bit_length() // 8 + 1, "big")
            for number in (numbers.e, numbers.n)
        ]
        return cls(_ssh_recipient(RSA, *parts), key, wire_of(RSA, *parts))

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Give the file's key, None if it is not for this key; raises HeaderWrong."""
        if stanza.kind != RSA or not _is_tagged(stanza, self._wire, 1):
            return None
        from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
        from cryptography.hazmat.primitives.hashes import SHA256

        padding = OAEP(MGF1(SHA256()), SHA256(), _LABEL + b"ssh-rsa")
        try:
            key = self._key.decrypt(stanza.body, padding)
        except ValueError:
            return None
        return key if len(key) == FILE_KEY_BYTES else None


def _ssh_recipient(kind: str, *parts: bytes) -> Recipient:
    return Recipient(f"{kind} {base64.b64encode(wire_of(kind, *parts)).decode()}")


def _is_tagged(stanza: Stanza, wire: bytes, arguments: int) -> bool:
    """Tell whether it names this key, by four bytes of its digest."""
    if len(stanza.arguments) != arguments:
        raise HeaderWrong(f"has a wrapped key of {stanza.kind} in its header that none is")
    return unbased(stanza.arguments[0]) == hashlib.sha256(wire).digest()[:4]


def _share(stanza: Stanza, arguments: int) -> bytes:
    """Give the sender's half of the exchange, when the whole stanza has the form of its kind."""
    share = unbased(stanza.arguments[-1]) if len(stanza.arguments) == arguments else b""
    if len(share) != 32 or len(stanza.body) != _WRAPPED:
        raise HeaderWrong(f"has a wrapped key of {stanza.kind} in its header that none is")
    return share


def _exchanged(secret: bytes, share: bytes) -> bytes:
    try:
        return exchanged(secret, share)
    except EverybodyKnows:
        raise HeaderWrong("has a wrapped key in its header that everybody could open") from None


def _unsealed(key: bytes, body: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), body, None)
    except InvalidTag:
        return None
