"""Sealed backups, and keys that open them."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.sealing.identity import AgeIdentity
from snapper.sealing.seal import seal
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from tests.support.backups import store_whole
from tests.support.sealed import KEY


def sealed_now(
    vault: Vault,
    made: Manifest,
    keys: Sequence[AgeIdentity] = (KEY,),
    *,
    contents_in_clear: bool = False,
) -> Manifest:
    """Seal a backup that lies in the vault, with its list, in place of what is there."""
    recipients = [each.recipient for each in keys]
    plain = vault.read(made.dump_key)
    packed = seal(plain, recipients)
    listed = ""
    if made.contents:
        text = vault.read(made.contents_key)
        sealed_text = text if contents_in_clear else seal(text, recipients)
        listed = hashlib.sha256(sealed_text).hexdigest()
    found = replace(
        made,
        recipients=tuple(each.text for each in recipients),
        backup_bytes=len(packed),
        sha256=hashlib.sha256(packed).hexdigest(),
        packed_bytes=made.backup_bytes,
        packed_sha256=made.sha256,
        contents=listed,
        contents_in_clear=contents_in_clear,
    )
    vault.delete(made.dump_key)
    if made.contents:
        vault.delete(object_key(made.database, made.scheduled_at, Kind.CONTENTS))
        vault.put(found.contents_key, sealed_text)
    vault.put(found.dump_key, packed)
    vault.put(found.key, found.to_json().encode())
    return found


def store_sealed(
    vault: Vault, at: datetime, keys: Sequence[AgeIdentity] = (KEY,), database: str = "orders"
) -> Manifest:
    """Put a sealed backup into the vault that is sound in every respect."""
    return sealed_now(vault, store_whole(vault, at, database), keys)
