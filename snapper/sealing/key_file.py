"""Files with secret keys: of age, of SSH, or either of them sealed by a passphrase."""

import re
import secrets
from collections.abc import Callable, Iterator

from snapper.sealing.armor import BEGIN, read_armor
from snapper.sealing.identity import AgeIdentity, Ed25519Identity, Identity, RsaIdentity
from snapper.sealing.passphrase import AskPassphrase, WrongPassphrase, opened_by_passphrase

_SECRET = "AGE-SECRET-KEY-1"  # noqa: S105  how every one begins
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----")
_SEALED = "age-encryption.org/v1\n"


def new_identity() -> AgeIdentity:
    """Make a new secret key."""
    return AgeIdentity.of(secrets.token_bytes(32))


def read_identities(text: str | bytes, ask_passphrase: AskPassphrase) -> tuple[Identity, ...]:
    """Give the secret keys of a file, or of a variable with just one; at least one.

    `ask_passphrase` is asked where there is need of one, once. Raises ValueError, or
    WrongPassphrase, whose texts are the end of a sentence and hold nothing of the file.
    """
    whole = text if isinstance(text, bytes) else text.encode(errors="replace")
    text = whole.decode(errors="replace")
    if text.lstrip().startswith(BEGIN):
        text, whole = _SEALED, read_armor(text)
    if text.startswith(_SEALED):
        inner = opened_by_passphrase(whole, ask_passphrase)
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
