"""What is in a bucket, as a test wants to see it after something went wrong."""

from typing import Any

from snapper.aws.vault import Vault


def keys(vault: Vault) -> list[str]:
    return [stored.key for stored in vault.list("")]


def open_uploads(vault: Vault) -> list[str]:
    client: Any = vault._client
    answer = client.list_multipart_uploads(Bucket=vault.bucket)
    return [upload["Key"] for upload in answer.get("Uploads", ())]
