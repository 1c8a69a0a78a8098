"""The payload of an age file: chunks of 64 KiB, each with its own tag, its number and `last`."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from snapper.sealing.header import derived

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

CHUNK = 1 << 16
TAG = 16
SEALED_CHUNK = CHUNK + TAG
NONCE = 16


class PayloadWrong(Exception):
    """A chunk is not what was sealed; `not_last` if it is, but more must follow."""

    def __init__(self, number: int, *, not_last: bool = False) -> None:
        super().__init__(number)
        self.number, self.not_last = number, not_last


class Payload:
    """Opens single chunks of one file."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        self._cipher = _cipher()(derived(file_key, nonce, b"payload"))

    def opened(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """Give the plain bytes of a chunk; raises PayloadWrong."""
        try:
            plain = self._tried(number, sealed, last=last)
        except PayloadWrong:
            if last and self._is_whole(number, sealed):
                raise PayloadWrong(number, not_last=True) from None
            raise
        if last and number and not plain:
            raise PayloadWrong(number)  # the one before would have been the last
        return plain

    def _is_whole(self, number: int, sealed: bytes) -> bool:
        try:
            self._tried(number, sealed, last=False)
        except PayloadWrong:
            return False
        return True

    def _tried(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(number.to_bytes(11, "big") + bytes([last]), sealed, None)
        except _invalid():
            raise PayloadWrong(number) from None


def opened_whole(payload: bytes, file_key: bytes) -> bytes:
    """Open the payload of something small; raises PayloadWrong."""
    if len(payload) < NONCE + TAG:
        raise PayloadWrong(0)
    chunks = Payload(file_key, payload[:NONCE])
    starts = range(NONCE, len(payload), SEALED_CHUNK)
    return b"".join(
        chunks.opened(number, payload[start : start + SEALED_CHUNK], last=start == starts[-1])
        for number, start in enumerate(starts)
    )


def unsealed_size(stored: int, header: int) -> int:
    """Give how many plain bytes a file of this size has, by the size of its header.

    >>> unsealed_size(200 + 16 + 16, 200), unsealed_size(200 + 16 + 65_552 + 17, 200)
    (0, 65537)
    """
    payload = stored - header - NONCE
    return max(payload - TAG * -(-payload // SEALED_CHUNK), 0)


@lru_cache
def _cipher() -> "Callable[[bytes], ChaCha20Poly1305]":
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305


@lru_cache
def _invalid() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag
