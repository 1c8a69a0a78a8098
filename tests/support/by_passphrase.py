"""Files sealed by a passphrase as age does it, with so little work that tests can have many."""

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from snapper.sealing.header import derived

WORK = 4


def sealed_by_passphrase(plain: bytes, passphrase: str) -> bytes:
    """Seal something shorter than a chunk."""
    file_key, salt, nonce = (os.urandom(16) for _ in range(3))
    label = b"age-encryption.org/v1/scrypt" + salt
    key = hashlib.scrypt(passphrase.encode(), salt=label, n=1 << WORK, r=8, p=1, dklen=32)
    wrapped = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    header = f"age-encryption.org/v1\n-> scrypt {coded(salt)} {WORK}\n{coded(wrapped)}\n---"
    mac = hmac.digest(derived(file_key, b"", b"header"), header.encode(), "sha256")
    payload = ChaCha20Poly1305(derived(file_key, nonce, b"payload"))
    chunk = payload.encrypt(bytes(11) + b"\x01", plain, None)
    return f"{header} {coded(mac)}\n".encode() + nonce + chunk


def armored(sealed: bytes) -> str:
    """Give it as text."""
    text = base64.b64encode(sealed).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    name = "AGE ENCRYPTED FILE"
    return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----", ""])


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
