"""Files with secret keys: of age, of SSH, or either of them sealed by a passphrase."""

import base64
import re
import secrets
from collections.abc import Callable, Iterator

from snapper.sealing.header import HeaderWrong, Stanza, read_header, unbased
from snapper.sealing.identity import AgeIdentity, Ed25519Identity, Identity, RsaIdentity
from snapper.sealing.payload import PayloadWrong, opened_whole

_SECRET = "AGE-SECRET-KEY-1"  # noqa: S105  how every one begins
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----")
_ARMOR = "-----BEGIN AGE ENCRYPTED FILE-----"
_ARMOR_END = "-----END AGE ENCRYPTED FILE-----"
_SEALED = "age-encryption.org/v1\n"
_HARDEST = 22
"""The work of a passphrase, as a power of two, that is done for anybody's file: age's own limit."""

AskPassphrase = Callable[[], str]


class WrongPassphrase(ValueError):
    """The passphrase does not open the file; the text is the end of a sentence."""


def new_identity() -> AgeIdentity:
    """Make a new secret key."""
    return AgeIdentity.of(secrets.token_bytes(32))


def read_identities(text: str | bytes, ask_passphrase: AskPassphrase) -> tuple[Identity, ...]:
    """Give the secret keys of a file, or of a variable with just one; at least one.

    `ask_passphrase` is asked where there is need of one, once. Raises ValueError, or
    WrongPassphrase, whose texts are the end of a sentence and hold nothing of the file.
    """
    whole = text if isinstance(text, bytes) else text.encode()
    text = whole.decode(errors="replace")
    if text.lstrip().startswith(_ARMOR):
        text, whole = _SEALED, _unarmored(text)
    if text.startswith(_SEALED):
        inner = _by_passphrase(whole, ask_passphrase)
        if inner.startswith(_SEALED.encode()):
            raise ValueError("is sealed twice")
        return read_identities(inner, ask_passphrase)
    if found := _PEM.search(text):
        return (_of_ssh(text, found[1], ask_passphrase),)
    identities = tuple(_of_age(text))
    if not identities:
        raise ValueError("holds no secret key of age or SSH")
    return identities


def _of_age(text: str) -> Iterator[Identity]:
    for number, line in enumerate(text.splitlines(), 1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if not word.upper().startswith(_SECRET):
            what = "a public key" if re.match(r"age1|ssh-", word) else "no secret key"
            raise ValueError(f"has {what} in line {number}")
        try:
            yield AgeIdentity.read(word)
        except ValueError as error:
            raise ValueError(f"has a secret key in line {number} that {error}") from None


def _of_ssh(text: str, kind: str, ask_passphrase: AskPassphrase) -> Identity:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    in_pem = serialization.load_pem_private_key
    in_openssh = serialization.load_ssh_private_key
    load: Callable[..., object] = in_openssh if kind == "OPENSSH PRIVATE KEY" else in_pem
    data = text.strip().encode() + b"\n"
    try:
        try:
            key = load(data, None)
        except (TypeError, ValueError) as error:
            if not _wants_passphrase(error):
                raise
            key = _by_its_passphrase(load, data, ask_passphrase())
    except WrongPassphrase:
        raise
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise ValueError("holds an SSH key that cannot be read") from None
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Identity.of(key.private_bytes_raw(), key.public_key().public_bytes_raw())
    if isinstance(key, RSAPrivateKey):
        return RsaIdentity.of(key)
    raise ValueError("holds an SSH key of a kind that age does not take: ed25519 and RSA it does")


def _wants_passphrase(error: Exception) -> bool:
    return "password" in str(error).lower()


def _by_its_passphrase(load: Callable[..., object], data: bytes, passphrase: str) -> object:
    try:
        return load(data, passphrase.encode())
    except (TypeError, ValueError):
        raise WrongPassphrase("is not opened by this passphrase") from None


def _by_passphrase(sealed: bytes, ask_passphrase: AskPassphrase) -> bytes:
    """Open an age file that is sealed by a passphrase."""
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
    key = Scrypt(salt, length=32, n=1 << int(work), r=8, p=1).derive(passphrase.encode())
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), stanza.body, None)
    except InvalidTag:
        return None


def _unarmored(text: str) -> bytes:
    """Give the bytes of age's text form (RFC 7468, strict)."""
    begin, *lines, end = text.strip().splitlines() or [""]
    body = "".join(lines)
    short = [line for line in lines[:-1] if len(line) != 64] or len(lines[-1:] and lines[-1]) > 64
    if (begin, end) != (_ARMOR, _ARMOR_END) or short:
        raise ValueError("is damaged: it is no whole age file in text form")
    try:
        found = base64.b64decode(body, validate=True)
    except ValueError:
        raise ValueError("is damaged: it is no whole age file in text form") from None
    if base64.b64encode(found).decode() != body:
        raise ValueError("is damaged: it is no whole age file in text form")
    return found
