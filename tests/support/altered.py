"""A backup whose dump is not what was listed when it was made, though nothing about it is damaged.

So would be one of a `pg_dump` that leaves something out: digests, manifest and list agree.
"""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace

from snapper.aws.vault import Vault
from snapper.values.contents import LONGEST, Contents
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest


def altered(vault: Vault, manifest: Manifest, change: Callable[[bytes], bytes]) -> Manifest:
    """Replace the dump by what `change` makes of its text; the list says what it said."""
    plain = change(gzip.decompress(vault.read(manifest.dump_key)))
    packed = gzip.compress(plain)
    sha256 = hashlib.sha256(packed).hexdigest()
    key = object_key(manifest.database, manifest.scheduled_at, Kind.CONTENTS)
    contents = Contents.from_json(vault.read(key, LONGEST))
    # Where a part lies is nothing to a drill, which reads all of them.
    tables = tuple(replace(each, start=0, end=0) for each in contents.tables)
    rest = (replace(contents.statements[0], start=0, end=len(packed)),)
    listed = Contents(sha256, tables, rest).to_json()
    made = replace(
        manifest,
        dump_bytes=len(plain),
        backup_bytes=len(packed),
        sha256=sha256,
        contents=hashlib.sha256(listed).hexdigest(),
    )
    for name, content in (
        (manifest.dump_key, packed),
        (key, listed),
        (manifest.key, made.to_json().encode()),
    ):
        vault.put(name, content)
    return made


def without(begin: bytes, end: bytes) -> Callable[[bytes], bytes]:
    """Give what takes away all from `begin` up to and with `end`, wherever that is."""

    def cut(plain: bytes) -> bytes:
        assert begin in plain
        while begin in plain:
            before, _, rest = plain.partition(begin)
            plain = before + rest.partition(end)[2]
        return plain

    return cut
