"""What is sealed by a passphrase: files with keys."""

import re
from collections.abc import Callable

from snapper.sealing.header import HeaderWrong, Stanza, read_header, unbased
from snapper.sealing.payload import PayloadWrong, opened_whole

_HARDEST = 22
"""The work of a passphrase, as a power of two, that is done for anybody's file: age's own limit."""

AskPassphrase = Callable[[], str]


class WrongPassphrase(ValueError):
    """The passphrase does not open the file; the text is the end of a sentence."""


def opened_by_passphrase(sealed: bytes, ask_passphrase: AskPassphrase) -> bytes:
    """Open an age file that is sealed by a passphrase, which is asked for once.

    Raises WrongPassphrase, ValueError; their texts are the end of a sentence.
    """
    try:
        header = read_header(sealed)
        stanza = header.stanzas[0]
        if stanza.kind != "scrypt":
            raise ValueError(
                "is sealed for other keys, not by a passphrase: open it with age first"
            )
        key = _unwrapped(stanza, ask_passphrase())
        if key is None:
            raise WrongPassphrase("is not opened by this passphrase")
        if not header.is_signed_by(key):
            raise ValueError("is damaged: its header is not the one that was written")
        return opened_whole(sealed[header.size :], key)
    except HeaderWrong as error:
        raise ValueError(f"is damaged: it {error}") from None
    except PayloadWrong:
        raise ValueError("is damaged: what follows its header is not what was written") from None


def _unwrapped(stanza: Stanza, passphrase: str) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    salt = unbased(stanza.arguments[0]) if len(stanza.arguments) == 2 else b""
    if len(salt) != 16 or len(stanza.body) != 32:
        raise HeaderWrong("has a key wrapped by a passphrase that none is")
    work = stanza.arguments[1]
    if not re.fullmatch(r"[1-9][0-9]?", work) or int(work) > _HARDEST:
        raise HeaderWrong(f"asks for more work than 2 to the {_HARDEST}")
    salt = b"age-encryption.org/v1/scrypt" + salt
    try:
        key = Scrypt(salt, length=32, n=1 << int(work), r=8, p=1).derive(passphrase.encode())
    except MemoryError:
        size = 128 * 8 << int(work) >> 20
        raise ValueError(f"takes {size} MB of memory to open, which cannot be had here") from None
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), stanza.body, None)
    except InvalidTag:
        return None
