"""For whom a backup is sealed: a public key, of age or of SSH."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any, Self

from snapper.sealing.bech32 import read_bech32
from snapper.sealing.curve import SIZE, EverybodyKnows, exchanged, montgomery
from snapper.sealing.ssh_wire import ED25519, RSA, read_wire

X25519 = "X25519"
_RSA_BITS = range(2048, 16384 + 1)
_OTHER = re.compile(r"age1[a-z0-9]{1,20}")
"""How keys of other kinds begin: a short word, which is no part of a key."""

_SHORT = 8
"""Letters of a key's end by which people tell it from others."""


@dataclass(frozen=True, order=True)
class Recipient:
    """A public key as `text`, without the comment that may stand behind it."""

    text: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Take what an operator wrote; raises ValueError, whose text is the end of a sentence.

        That never holds what was written, for it may be a secret key, put there by mistake: nor
        may who tells of it.
        """
        words = text.split()
        if any(word in text.upper() for word in ("AGE-SECRET-KEY-", "PRIVATE KEY")):
            raise ValueError("is a secret key: give the public one, and renew this one")
        if words and words[0] in (ED25519, RSA):
            return cls(_ssh(words))
        if len(words) != 1:
            raise ValueError("is no public key: it begins with age1, ssh-ed25519 or ssh-rsa")
        return cls(_age(words[0]))

    @property
    def kind(self) -> str:
        """How it is named in the header of what is sealed: X25519, ssh-ed25519 or ssh-rsa."""
        return self.text.split()[0] if " " in self.text else X25519

    @property
    def short(self) -> str:
        """Enough of it to know it by.

        >>> Recipient("age1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0savhh7m").short
        'age1…0savhh7m'
        """
        head = "age1" if self.kind == X25519 else f"{self.kind} "
        return f"{head}…{self.text.rstrip('=')[-_SHORT:]}"

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that stand for it in names."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def library_key(self) -> Any:  # noqa: ANN401  the library has no types
        """Give it as the library that seals takes it; raises ValueError where it is none."""
        import pyrage

        module = pyrage.x25519 if self.kind == X25519 else pyrage.ssh
        try:
            return module.Recipient.from_str(self.text)
        except pyrage.RecipientError as error:
            raise ValueError(str(error)) from None

    def __str__(self) -> str:
        return self.text


def _age(text: str) -> str:
    kind = text.lower().rpartition("1")[0]
    if _OTHER.fullmatch(kind):
        raise ValueError(f"is of a kind that Snapper cannot open again: {kind}1…; use an age1… key")
    if kind != "age":
        raise ValueError("is no public key: it begins with age1, ssh-ed25519 or ssh-rsa")
    key = read_bech32(text, "age")
    if len(key) != SIZE:
        raise ValueError(f"has {len(key)} bytes in place of {SIZE}")
    _refuse_unusable(text.lower(), key)
    return text.lower()


def _ssh(words: list[str]) -> str:
    if len(words) < 2:
        raise ValueError("is not whole: nothing stands after its kind")
    kind, coded = words[:2]
    parts = read_wire(kind, coded)
    if kind == ED25519 and len(parts[0]) != SIZE:
        raise ValueError(f"has {len(parts[0])} bytes in place of {SIZE}")
    if kind == RSA and (bits := int.from_bytes(parts[1], "big").bit_length()) not in _RSA_BITS:
        raise ValueError(f"has {bits} bits: it must have {_RSA_BITS[0]} to {_RSA_BITS[-1]}")
    try:
        point = montgomery(parts[0]) if kind == ED25519 else b""
    except EverybodyKnows as error:
        raise ValueError(f"is no usable key: {error}") from None
    _refuse_unusable(f"{kind} {coded}", point)
    return f"{kind} {coded}"


def _refuse_unusable(text: str, point: bytes = b"") -> None:
    """Refuse what is well-formed and yet no key, as the library does that will seal for it."""
    try:
        Recipient(text).library_key()
        if point:
            exchanged(secrets.token_bytes(SIZE), point)
    except ValueError as error:
        raise ValueError(f"is no usable key: {error}") from None
