"""What is in a bucket, as a test wants to see it after something went wrong."""

from typing import Any

from snapper.aws.vault import Vault
from snapper.values.keys import MARK


def keys(vault: Vault) -> list[str]:
    """Give all keys but the marks of late backups: a test's times may lie in the past, or not."""
    return [stored.key for stored in vault.list("") if MARK not in stored.key]


def open_uploads(vault: Vault) -> list[str]:
    client: Any = vault._client
    answer = client.list_multipart_uploads(Bucket=vault.bucket)
    return [upload["Key"] for upload in answer.get("Uploads", ())]
