"""Keys of SSH, as its own files hold them."""

from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@dataclass(frozen=True)
class SshKey:
    """A pair; `private` is the text of a file, `sealed` that by the passphrase, `pem` another."""

    public: str
    private: str
    sealed: str
    pem: str


PASSPHRASE = "a passphrase of SSH"


@cache
def an_ssh_key(kind: str) -> SshKey:
    """Make a pair: ed25519, rsa or ecdsa."""
    key = _made(kind)

    def written(form: PrivateFormat, passphrase: str = "") -> str:
        by = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return key.private_bytes(Encoding.PEM, form, by).decode()

    return SshKey(
        key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        written(PrivateFormat.OpenSSH),
        written(PrivateFormat.OpenSSH, PASSPHRASE),
        written(PrivateFormat.PKCS8),
    )


def _made(kind: str) -> Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if kind == "ed25519":
        return Ed25519PrivateKey.generate()
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())
