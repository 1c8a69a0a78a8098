"""Opening what is sealed, as a whole or by ranges of what is inside it.

The payload's chunks are opened one by one, so a range needs only those that it touches, and the
file's key, which is in the header. What was altered, what was cut short, what is sealed for others
and what nobody gave a key for are told apart.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, Protocol, cast

from snapper.errors import BackupAltered, BackupTruncated, NoKey, WrongKey
from snapper.sealing.header import LONGEST, Header, HeaderUnfinished, HeaderWrong, read_header
from snapper.sealing.identity import Identity
from snapper.sealing.opened_stream import OpenedStream, Part
from snapper.sealing.payload import NONCE, Payload
from snapper.sealing.recipient import Recipient
from snapper.streams import read_up_to

_FIRST = 4096
"""Bytes that are read of an object for its header: mostly it is shorter."""

UNKNOWN: Mapping[str, int] = MappingProxyType({})


class Ranges(Protocol):
    """What gives ranges of objects as streams, as the vault does."""

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give the bytes from `start` up to before `end`."""
        ...


@dataclass(frozen=True)
class _File:
    """What the header of one object gave."""

    start: int
    """Where its chunks begin."""
    payload: Payload
    opened_by: Recipient


class Opened:
    """Gives ranges of what is inside of sealed objects, where its source gives those of objects.

    `recipients` are those for whom the objects are said to be sealed, `sizes` how many bytes the
    stored ones should have: both make it certain what is wrong with one. Raises what the source
    does; NoKey, WrongKey, BackupTruncated, BackupAltered.
    """

    def __init__(
        self,
        source: Ranges,
        identities: Sequence[Identity],
        *,
        recipients: Iterable[Recipient] = (),
        sizes: Mapping[str, int] = UNKNOWN,
    ) -> None:
        self._source = source
        self._identities = tuple(identities)
        self._recipients = tuple(recipients)
        self._sizes = sizes
        self._files: dict[str, _File] = {}

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give what is inside from `start` up to before `end`, or to its end, as a stream.

        Its errors are the same. Every byte that it gives was checked; read to its end without one,
        it is known that nothing is missing there.
        """
        if end is not None and end <= start:
            return io.BytesIO()
        file = self._file(key)
        part = Part(key, file.start, start, end, self._sizes.get(key))
        body = self._source.open(key, *part.stored)
        return cast("BinaryIO", OpenedStream(body, file.payload, part))

    def opened_by(self, key: str) -> Recipient:
        """Tell for which of the keys an object opens, by its header alone; raises as `open`."""
        return self._file(key).opened_by

    def _file(self, key: str) -> _File:
        if key not in self._files:
            if not self._identities:
                raise NoKey(
                    f"{key} is sealed{self._for_whom()}, and no key was given",
                    hint="give the file with a key as --identity, or the key as SNAPPER_IDENTITY",
                )
            header, nonce = self._read_header(key)
            opened_by, file_key = self._unwrapped(key, header)
            if not header.is_signed_by(file_key):
                raise BackupAltered(f"{key} was altered: its header is not the one that was sealed")
            start = header.size + NONCE
            self._files[key] = _File(start, Payload(file_key, nonce), opened_by)
        return self._files[key]

    def _read_header(self, key: str) -> tuple[Header, bytes]:
        asked = _FIRST
        while True:
            with self._source.open(key, 0, asked) as body:
                text = read_up_to(body, asked)
            try:
                header = read_header(text)
                nonce = text[header.size :][:NONCE]
                if len(nonce) == NONCE:
                    return header, nonce
                raise HeaderUnfinished("ends within what follows its header")
            except HeaderUnfinished as error:
                is_whole = self._sizes.get(key, len(text) + 1) <= len(text)
                if len(text) < asked and not is_whole:
                    raise BackupTruncated(f"{key} was cut short: it {error}") from None
                if is_whole or asked >= LONGEST:
                    raise BackupAltered(f"{key} was altered: its header has no end") from None
                asked *= 8
            except HeaderWrong as error:
                raise BackupAltered(f"{key} was altered: it {error}") from None

    def _unwrapped(self, key: str, header: Header) -> tuple[Recipient, bytes]:
        try:
            for identity in self._identities:
                for stanza in header.stanzas:
                    if file_key := identity.unwrap(stanza):
                        return identity.recipient, file_key
        except HeaderWrong as error:
            raise BackupAltered(f"{key} was altered: it {error}") from None
        ours = [each.recipient for each in self._identities]
        if known := [each for each in ours if each in self._recipients]:
            raise BackupAltered(
                f"{key} was altered: its header is not the one that was sealed, for it opens by no"
                f" key, and it is sealed for {known[0].short}"
            )
        raise WrongKey(
            f"{key} is sealed{self._for_whom()}; it was tried in vain to open it as"
            f" {_listed(each.short for each in ours)}",
            hint="give the key of one of those for whom it is sealed",
        )

    def _for_whom(self) -> str:
        return f" for {_listed(each.short for each in self._recipients)}" * bool(self._recipients)


class _Blob:
    """Something small, as a source."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:  # noqa: ARG002  as a vault
        return io.BytesIO(self._blob[start:end])


def unseal(
    sealed: bytes,
    identities: Sequence[Identity],
    *,
    name: str = "it",
    recipients: Iterable[Recipient] = (),
    size: int | None = None,
) -> bytes:
    """Open something small; `name` is what errors call it. Raises as Opened does."""
    sizes = UNKNOWN if size is None else {name: size}
    opened = Opened(_Blob(sealed), identities, recipients=recipients, sizes=sizes)
    with opened.open(name) as body:
        return body.read()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
