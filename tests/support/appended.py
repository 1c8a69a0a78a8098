"""A backup with more at the end of its dump, as if that had been dumped with it."""

import gzip
import hashlib
from dataclasses import replace

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.pg_dump import END_MARKER
from snapper.values.manifest import Manifest


def appended(vault: Vault, manifest: Manifest, more: str) -> Manifest:
    """Store it with this SQL before pg_dump's end marker; give the manifest of what is there now.

    No list of contents goes with it.
    """
    plain = gzip.decompress(vault.read(manifest.dump_key))
    plain = plain.replace(END_MARKER, b"\n" + more.encode() + END_MARKER)
    packed = gzip.compress(plain)
    vault.put(manifest.dump_key, packed)
    return replace(
        manifest,
        dump_bytes=len(plain),
        backup_bytes=len(packed),
        sha256=hashlib.sha256(packed).hexdigest(),
        contents="",
    )
