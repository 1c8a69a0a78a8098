"""Held against what age publishes for its readers: files, and what is to become of each.

They are those of github.com/C2SP/CCTV (folder age/testdata), which may be used without attribution.
Left out are those for keys of the kind mlkem768x25519, which nothing here reads.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from snapper.errors import BackupAltered, BackupDamaged, BackupTruncated, WrongKey
from snapper.sealing.armor import read_armor
from snapper.sealing.identity import AgeIdentity
from snapper.sealing.opening import Opened
from snapper.sealing.passphrase import opened_by_passphrase
from tests.support.blobs import Blobs

VECTORS = sorted(Path(__file__).with_name("vectors").iterdir())
PIECE = 4096
"""What is read at once: chunks end where pieces do, so all that may be given is given."""


@dataclass(frozen=True)
class Vector:
    """One of the files."""

    fields: list[tuple[str, str]]
    body: bytes

    @classmethod
    def read(cls, path: Path) -> "Vector":
        head, _, body = path.read_bytes().partition(b"\n\n")
        fields = [line.partition(": ")[::2] for line in head.decode().splitlines()]
        if ("compressed", "zlib") in fields:
            body = zlib.decompress(body)
        return cls(fields, body)

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    def opened(self) -> bytes:
        if ("armored", "yes") in self.fields:
            return read_armor(self.body.decode("latin-1"))
        return self.body


def pieces(vector: Vector) -> Iterator[bytes]:
    """Give what a reader would be given, until the end or an error."""
    body = vector.opened()
    identities = [AgeIdentity.read(each) for each in vector.all("identity")]
    if vector.all("passphrase"):
        (passphrase,) = vector.all("passphrase")[:1]
        yield opened_by_passphrase(body, lambda: passphrase)
        return
    identities = identities or [AgeIdentity.of(bytes(31) + b"1")]
    with Opened(Blobs(it=body), identities).open("it") as stream:
        while piece := stream.read(PIECE):
            yield piece


KINDS = {
    "success": (),
    "no match": (WrongKey, ValueError),
    "HMAC failure": (BackupAltered,),
    "header failure": (BackupAltered, BackupTruncated, ValueError),
    "payload failure": (BackupAltered, BackupTruncated),
    "armor failure": (ValueError,),
}

HELD_BACK = {
    *("armor_garbage_encoded", "stream_trailing_garbage_long", "stream_trailing_garbage_short"),
    *("stream_no_final_full", "stream_no_final_two_chunks_full"),
    *("stream_two_final_chunks", "stream_two_final_chunks_full", "stream_two_final_chunks_second"),
}
"""Their last good chunk is not given here, for it is known already that something is wrong."""


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.name)
def test_becomes_what_its_publisher_says(path: Path) -> None:
    vector = Vector.read(path)
    (expected,) = vector.all("expect")
    given, error = hashlib.sha256(), None
    try:
        for piece in pieces(vector):
            given.update(piece)
    except (BackupDamaged, WrongKey, ValueError) as raised:
        error = raised
    assert isinstance(error, KINDS[expected]) if KINDS[expected] else error is None, error
    for digest in vector.all("payload"):
        if path.name not in HELD_BACK:
            assert given.hexdigest() == digest


def test_none_is_missing() -> None:
    assert len(VECTORS) == 124
