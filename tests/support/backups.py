"""Backups that nobody dumped: a few bytes and a manifest that tells the truth about them."""

import gzip
import hashlib
from datetime import datetime, timedelta
from typing import Any

from snapper.aws.vault import Vault
from snapper.values.manifest import Manifest
from tests.support.databases import AT
from tests.support.manifests import manifest

# As many bytes as the listing asks of a dump.
BODY = b"sql, and not too little"


PLAIN = b"SELECT 1;\n--\n-- PostgreSQL database dump complete\n--\n\n"
"""A dump that ends as one does."""


def days(number: float) -> datetime:
    return AT + timedelta(days=number)


def store(
    vault: Vault,
    at: datetime,
    database: str = "orders",
    body: bytes = BODY,
    started_at: datetime | None = None,
    dump_bytes: int = 4_000_000,
    **differing: Any,
) -> Manifest:
    """Put a whole backup into the vault; it was begun when it was scheduled, if not told."""
    made = manifest(
        database=database,
        scheduled_at=at,
        started_at=started_at or at,
        backup_bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        dump_bytes=dump_bytes,
        **differing,
    )
    vault.put(made.dump_key, body)
    vault.put(made.key, made.to_json().encode())
    return made


def store_whole(vault: Vault, at: datetime, database: str = "orders") -> Manifest:
    """Put a backup into the vault that is sound in every respect."""
    return store(vault, at, database, gzip.compress(PLAIN, mtime=0), dump_bytes=len(PLAIN))
