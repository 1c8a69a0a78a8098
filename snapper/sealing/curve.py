"""X25519 (RFC 7748): what both ends of an exchange know, and nobody between them.

cryptography is imported where something is exchanged: who opens nothing does not wait for it.
"""

_PRIME = 2**255 - 19
SIZE = 32


class EverybodyKnows(ValueError):
    """The other's half is such that every exchange with it has the same result."""


def public_of(secret: bytes) -> bytes:
    """Give the public half of a secret key."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def exchanged(secret: bytes, public: bytes) -> bytes:
    """Give what both ends know; raises EverybodyKnows."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    ours, others = (
        X25519PrivateKey.from_private_bytes(secret),
        X25519PublicKey.from_public_bytes(public),
    )
    try:
        return ours.exchange(others)
    except ValueError:
        raise EverybodyKnows("everybody could open what is sealed for it") from None


def montgomery(public: bytes) -> bytes:
    """Give the point of an Ed25519 key as X25519 writes it (4.1 there); raises EverybodyKnows."""
    y = int.from_bytes(public, "little") & (1 << 255) - 1
    try:
        return ((1 + y) * pow(1 - y, -1, _PRIME) % _PRIME).to_bytes(SIZE, "little")
    except ValueError:
        raise EverybodyKnows("everybody could open what is sealed for it") from None
