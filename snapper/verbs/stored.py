"""A dump on its way into the vault: a gzip, or one that is sealed while it is read."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from snapper.engines.stream import GzipStream
from snapper.sealing.recipient import Recipient
from snapper.sealing.sealed_stream import SealedStream
from snapper.values.keys import Kind

Recipients = tuple[Recipient, ...]
"""For whom something is sealed; nobody seals it where there are none."""


@dataclass(frozen=True)
class Stored:
    """What was stored: the gzip, the same as it lies there, and how many programs made it."""

    gzip: GzipStream
    object: GzipStream | SealedStream
    jobs: int


def as_stored(
    gzip: GzipStream, recipients: Recipients
) -> AbstractContextManager[GzipStream | SealedStream]:
    """Give what is to be stored, sealed for the recipients if there are any."""
    return SealedStream(gzip, recipients) if recipients else nullcontext(gzip)


def dump_kind(recipients: Recipients) -> tuple[Kind, str]:
    """Give the kind of the object and its type of content."""
    if recipients:
        return Kind.SEALED, SEALED_TYPE
    return Kind.DUMP, "application/gzip"


SEALED_TYPE = "application/octet-stream"
"""The type of content of an age file: it has no registered one."""
