"""A sealed backup read as if it were not, by a key: its gzip by ranges, and its list."""

import hashlib
from collections.abc import Callable, Sequence
from typing import BinaryIO, Protocol, cast

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, NoKey
from snapper.sealing.identity import Identity
from snapper.sealing.opening import Opened, unseal
from snapper.sealing.recipient import Recipient
from snapper.streams import Around
from snapper.values.keys import Kind
from snapper.values.manifest import Manifest
from snapper.verbs.runs import Ranges


class Backups(Protocol):
    """Where a backup is read: the vault, or what opens one that is sealed."""

    bucket: str

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give the bytes from `start` up to before `end`, or to the end."""
        ...

    def read(self, key: str, most: int) -> bytes:
        """Give a small object whole, as it is stored."""
        ...


Opening = Callable[[Vault, Manifest], Backups]
"""Opens a backup, if it is sealed; raises NoKey, WrongKey, BackupDamaged, AwsFailed."""


def without_key(vault: Vault, manifest: Manifest) -> Backups:
    """Give the vault for a backup that is not sealed; raise NoKey for one that is."""
    return unsealed(vault, manifest, ())


def unsealed(vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> Backups:
    """Give where a backup is read: the vault, or what opens it by one of the keys.

    Who cannot open it is told here, before anything is done to a target.
    """
    return Unsealed(vault, manifest, identities) if manifest.recipients else vault


def gzip_of(backups: Backups, manifest: Manifest) -> BinaryIO:
    """Open the whole gzip of a backup; raise NoKey where it is sealed, and not opened."""
    if manifest.recipients and not isinstance(backups, Unsealed):
        raise no_key(manifest)
    return backups.open(manifest.dump_key)


def list_of(backups: Backups, manifest: Manifest, stored: bytes) -> bytes:
    """Give the list of contents as it was before it was sealed, if it is; raises the same."""
    if manifest.contents_key.endswith(Kind.CONTENTS):
        return stored
    if not isinstance(backups, Unsealed):
        raise no_key(manifest)
    return backups.plain(manifest.contents_key, stored)


def no_key(manifest: Manifest) -> NoKey:
    """Say that a backup is sealed, and for whom."""
    names = ", ".join(each.short for each in map(Recipient, manifest.recipients))
    return NoKey(
        f"{manifest.dump_key} is sealed for {names}, and no key was given",
        hint="give the file with a key as --identity, or the key as SNAPPER_IDENTITY",
    )


class Unsealed:
    """One sealed backup: its dump is read as the gzip inside, in the gzip's own ranges.

    Where that is read to its end from its beginning, the stored object is held against its
    manifest too. Raises what Opened does.
    """

    def __init__(self, vault: Vault, manifest: Manifest, identities: Sequence[Identity]) -> None:
        self.bucket = vault.bucket
        self._vault, self._manifest, self._identities = vault, manifest, identities
        self._known = self._opened(vault)
        self.opened_by = self._known.opened_by(manifest.dump_key)
        """For which of the recipients it opens."""

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give what is sealed in the dump; any other object as it is."""
        if key != self._manifest.dump_key:
            return self._vault.open(key, start, end)
        if start or end is not None:
            return self._known.open(key, start, end)
        source = _Digested(self._vault, self._manifest)
        return cast("BinaryIO", _Whole(self._opened(source).open(key), source))

    def read(self, key: str, most: int) -> bytes:
        """Give a small object whole, as it is stored."""
        return self._vault.read(key, most)

    def plain(self, key: str, stored: bytes) -> bytes:
        """Give what is sealed in a small object of this backup."""
        return unseal(stored, self._identities, name=key, recipients=self._recipients)

    def _opened(self, source: Ranges) -> Opened:
        sizes = {self._manifest.dump_key: self._manifest.backup_bytes}
        return Opened(source, self._identities, recipients=self._recipients, sizes=sizes)

    @property
    def _recipients(self) -> list[Recipient]:
        return [Recipient(each) for each in self._manifest.recipients]


class _Digested:
    """Gives ranges of the vault, and keeps the digest of what was read from the beginning on."""

    def __init__(self, vault: Ranges, manifest: Manifest) -> None:
        self._vault, self._manifest = vault, manifest
        self._digest, self._read = hashlib.sha256(), 0

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give a range; what was read before in another one counts once."""
        return cast("BinaryIO", _Noted(self._vault.open(key, start, end), start, self._note))

    def _note(self, at: int, block: bytes) -> None:
        if at <= self._read < at + len(block):
            self._digest.update(block[self._read - at :])
            self._read = at + len(block)

    def check(self) -> None:
        """Raise BackupDamaged if the stored object was not the one that its manifest tells of."""
        manifest, digest = self._manifest, self._digest.hexdigest()
        if self._read != manifest.backup_bytes or digest != manifest.sha256:
            raise BackupDamaged(
                f"{manifest.dump_key} is not what was stored: {self._read} bytes of SHA-256"
                f" {digest}, its manifest says {manifest.backup_bytes} of {manifest.sha256}"
            )


class _Noted(Around):
    """Tells what is read, and where."""

    def __init__(self, body: BinaryIO, at: int, note: Callable[[int, bytes], None]) -> None:
        super().__init__(body)
        self._at, self._note = at, note

    def read(self, size: int = -1, /) -> bytes:
        block = self._body.read(size)
        self._note(self._at, block)
        self._at += len(block)
        return block


class _Whole(Around):
    """A stream whose end is believed only when the stored object is the right one."""

    def __init__(self, body: BinaryIO, source: _Digested) -> None:
        super().__init__(body)
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        block = self._body.read(size)
        if not block:
            self._source.check()
        return block
