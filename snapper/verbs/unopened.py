"""A sealed backup as it is stored: what can be said of it without any key."""

import hashlib
from collections.abc import Callable

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged
from snapper.sealing.header import LONGEST, HeaderWrong, read_header
from snapper.sealing.payload import unsealed_size
from snapper.sealing.recipient import X25519, Recipient
from snapper.sealing.ssh_wire import ED25519, RSA
from snapper.values.manifest import Manifest

_BLOCK = 1 << 20
_KINDS = (X25519, ED25519, RSA)


def read_unopened(
    vault: Vault, manifest: Manifest, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Read the object whole; raise BackupDamaged if it is not the one of its manifest.

    Its header must be that of something sealed for as many as the manifest names, with as much
    behind it as the gzip takes.
    """
    digest, read, begin = hashlib.sha256(), 0, b""
    with vault.open(manifest.dump_key) as body:
        while block := body.read(_BLOCK):
            begin += block[: LONGEST - len(begin)]
            digest.update(block)
            read += len(block)
            if read > manifest.backup_bytes:
                break  # and it is found to be too long
            progress(read)
    if read != manifest.backup_bytes or digest.hexdigest() != manifest.sha256:
        raise BackupDamaged(
            f"{manifest.dump_key} is not what was stored: {read} bytes of SHA-256"
            f" {digest.hexdigest()}, its manifest says {manifest.backup_bytes} of {manifest.sha256}"
        )
    _check_header(manifest, begin)


def _check_header(manifest: Manifest, begin: bytes) -> None:
    key = manifest.dump_key
    try:
        header = read_header(begin)
    except HeaderWrong as wrong:
        raise BackupDamaged(f"{key} {wrong}") from None
    named = sorted(Recipient(each).kind for each in manifest.recipients)
    # Writers add stanzas of kinds that nobody knows, so that readers learn to pass them over.
    found = sorted(each.kind for each in header.stanzas if each.kind in _KINDS)
    if found != named:
        raise BackupDamaged(
            f"{key} is sealed for {', '.join(found) or 'nobody'}, its manifest names"
            f" {', '.join(named)}"
        )
    if (size := unsealed_size(manifest.backup_bytes, header.size)) != manifest.gzip_bytes:
        raise BackupDamaged(
            f"{key} has {size} bytes sealed in it, its manifest says {manifest.gzip_bytes}"
        )
