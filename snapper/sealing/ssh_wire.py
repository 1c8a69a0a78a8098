"""What SSH's public keys hold: texts that each have their length before them (RFC 4253, 6.6)."""

import base64
import binascii

ED25519, RSA = "ssh-ed25519", "ssh-rsa"


def read_wire(kind: str, coded: str) -> tuple[bytes, ...]:
    """Give the parts of a public key behind its kind; raises ValueError.

    One of ED25519, or exponent and modulus of RSA.
    """
    try:
        wire = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not whole: what stands after its kind is no base64") from None
    parts = []
    while wire:
        size, wire = int.from_bytes(wire[:4], "big"), wire[4:]
        if size > len(wire):
            raise ValueError("is not whole: some of it is missing at the end")
        parts.append(wire[:size])
        wire = wire[size:]
    named = {ED25519: 2, RSA: 3}
    if len(parts) != named[kind] or parts[0] != kind.encode():
        raise ValueError(f"is not whole, or not of the kind {kind}")
    return tuple(parts[1:])


def wire_of(kind: str, *parts: bytes) -> bytes:
    r"""Put a public key together.

    >>> wire_of("ssh-rsa", b"a")
    b'\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x01a'
    """
    return b"".join(len(part).to_bytes(4, "big") + part for part in (kind.encode(), *parts))
