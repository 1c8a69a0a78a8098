"""The header of an age file (https://age-encryption.org/v1): for whom it is, and its key, wrapped.

It is read as strictly as the format asks, so that no two readers take the same bytes differently.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

FILE_KEY_BYTES = 16
LONGEST = 1 << 20
"""Bytes of a header: one recipient has about 100, of RSA 800."""

_VERSION = b"age-encryption.org/v1\n"
_ARGUMENTS = re.compile(rb"-> ([!-~]+(?: [!-~]+)*)\n")
_BODY = re.compile(rb"((?:[A-Za-z0-9+/]{64}\n)*)([A-Za-z0-9+/]{0,63})\n")
_END = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")


class HeaderWrong(ValueError):
    """It is no header of age's; the text is the end of a sentence."""


class HeaderUnfinished(HeaderWrong):
    """So far it is one, and then the bytes end."""


@dataclass(frozen=True)
class Stanza:
    """The file's key, wrapped for one recipient."""

    kind: str
    arguments: tuple[str, ...]
    body: bytes


@dataclass(frozen=True)
class Header:
    """A header that was read; `size` is what it has of bytes."""

    stanzas: tuple[Stanza, ...]
    size: int
    _signed: bytes
    _mac: bytes

    def is_signed_by(self, file_key: bytes) -> bool:
        """Tell whether it is as it was written by who knew this key."""
        key = derived(file_key, b"", b"header")
        return hmac.compare_digest(hmac.digest(key, self._signed, "sha256"), self._mac)


def read_header(text: bytes) -> Header:
    """Read the header with which some bytes begin; raises HeaderWrong, HeaderUnfinished."""
    if not text.startswith(_VERSION):
        if _VERSION.startswith(text):
            raise HeaderUnfinished("ends within its first line")
        raise HeaderWrong("does not begin as an age file of version 1 does")
    at, stanzas = len(_VERSION), list[Stanza]()
    while True:
        line_end = text.find(b"\n", at) + 1
        if not line_end:
            raise HeaderUnfinished("ends within its header")
        if end := _END.fullmatch(text, at, line_end):
            break
        arguments = _ARGUMENTS.fullmatch(text, at, line_end)
        if not arguments:
            raise HeaderWrong(f"has a line in its header that none has, at byte {at}")
        body, at = _read_body(text, line_end)
        kind, *others = arguments[1].decode().split(" ")
        stanzas.append(Stanza(kind, tuple(others), body))
    if not stanzas:
        raise HeaderWrong("is sealed for nobody")
    if len(stanzas) > 1 and any(each.kind == "scrypt" for each in stanzas):
        raise HeaderWrong("is sealed by a passphrase and for others too, which age does not allow")
    return Header(tuple(stanzas), line_end, text[: at + len(b"---")], unbased(end[1].decode()))


def _read_body(text: bytes, at: int) -> tuple[bytes, int]:
    if not (body := _BODY.match(text, at)):
        last = text[at:].rpartition(b"\n")[2]
        if _BODY.fullmatch(text[at:] + b"\n") or re.fullmatch(rb"[A-Za-z0-9+/]{64}", last):
            raise HeaderUnfinished("ends within its header")
        raise HeaderWrong(f"has a wrapped key in its header that none is, at byte {at}")
    return unbased((body[1].replace(b"\n", b"") + body[2]).decode()), body.end()


def unbased(text: str) -> bytes:
    """Give the bytes of base64 without padding, in the one spelling that they have."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise HeaderWrong("has base64 in its header that none is") from None
    if base64.b64encode(found).decode().rstrip("=") != text:
        raise HeaderWrong("has base64 in its header in a spelling that no writer uses")
    return found


def derived(secret: bytes, salt: bytes, what_for: bytes) -> bytes:
    """Give 32 bytes of HKDF-SHA-256 (RFC 5869)."""
    fixed = hmac.digest(salt or bytes(hashlib.sha256().digest_size), secret, "sha256")
    return hmac.digest(fixed, what_for + b"\x01", "sha256")
