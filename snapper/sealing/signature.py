"""Whether a signature is by a key: ECDSA over P-256 and SHA-256, as AWS KMS makes it."""

import base64
import binascii
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

_END = "-----END PUBLIC KEY-----"


class PublicKeys:
    """Keys of which one is enough: what any of them has signed is signed."""

    def __init__(self, pems: Iterable[str]) -> None:
        """Take keys as PEM; raises ValueError for what is no public key on P-256."""
        self._keys = [_read(pem) for pem in pems]

    def __call__(self, message: bytes, signature: str) -> bool:
        """Tell whether this is the signature of these bytes, in base64, by one of the keys."""
        try:
            raw = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            return False
        return any(_is_by(key, message, raw) for key in self._keys)


def read_pems(text: str) -> list[str]:
    """Part a file of one public key or several; raises ValueError if one is none, or there is none.

    Each is given as it is written always.
    """
    parts = [f"{part.strip()}\n{_END}\n" for part in text.split(_END) if part.strip()]
    if not parts:
        raise ValueError("holds no public key")
    return [_written(_read(part)) for part in parts]


def pem_of(der: bytes) -> str:
    """Write a public key as PEM, of the bytes that KMS gives; raises ValueError for another."""
    try:
        return _written(_checked(load_der_public_key(der)))
    except UnsupportedAlgorithm:
        raise ValueError("holds a key of another kind") from None


def _read(pem: str) -> ec.EllipticCurvePublicKey:
    try:
        return _checked(load_pem_public_key(pem.encode()))
    except UnsupportedAlgorithm:
        raise ValueError("holds a key of another kind") from None
    except ValueError:
        raise ValueError("holds what is no public key in PEM") from None


def _checked(key: object) -> ec.EllipticCurvePublicKey:
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise ValueError("holds a key of another kind")
    return key


def _written(key: ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _is_by(key: ec.EllipticCurvePublicKey, message: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
