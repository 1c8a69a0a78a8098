"""The vault: the S3 bucket as the rest of Snapper sees it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Self, cast

from botocore.config import Config
from s3transfer.manager import TransferConfig, TransferManager

from snapper.aws import client as aws
from snapper.aws.locks import Locks
from snapper.aws.parts import PartPlan
from snapper.aws.sending import Readable, checked, never_over
from snapper.errors import BackupDamaged
from snapper.values.document import LONGEST

_SMALL = 8 * LONGEST
"""Bytes beyond which an object is not read at once, whatever it is."""


@dataclass(frozen=True)
class StoredObject:
    """One listed object; `size` in bytes, `changed_at` by S3's own clock.

    The `etag` of what was stored in one piece is its MD5, but for a customer's key of encryption.
    """

    key: str
    size: int
    changed_at: datetime
    etag: str = ""


@dataclass(frozen=True)
class Version:
    """What an object was from then on, or that it was deleted."""

    changed_at: datetime
    etag: str
    is_deletion: bool


class Vault(Locks):
    """Lists, writes, reads and deletes objects of one bucket; raises AwsFailed."""

    def __init__(self, bucket: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        super().__init__(bucket, client)

    @classmethod
    def connect(cls, bucket: str, region: str = "") -> Self:
        """Open the bucket with the credentials of the environment, in its region if none is named.

        Where S3 says that it is elsewhere, boto3 goes there; that fails with the first region.
        """
        # Enough connections for every part on its way.
        there = {"region_name": region} if region else {}
        return cls(bucket, aws.client("s3", Config(max_pool_connections=16, **there)))

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Give every object under the prefix in key order, however many pages it takes.

        Only those behind the key `after`, which need not be there.
        """
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, **({"StartAfter": after} if after else {})
        )
        with aws.translated(f"s3:ListObjectsV2 of {prefix}"):
            for page in pages:
                page["Name"]  # as with GetObject
                for found in page.get("Contents", ()):
                    yield StoredObject(
                        found["Key"], found["Size"], found["LastModified"], found.get("ETag", "")
                    )

    def versions(self, key: str) -> Sequence[Version]:
        """Give all that the bucket still knows of one object, newest first."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=key
        )
        with aws.translated(f"s3:ListObjectVersions of {key}"):
            found = [
                Version(one["LastModified"], one.get("ETag", ""), is_deletion=kind != "Versions")
                for page in pages
                for kind in ("Versions", "DeleteMarkers")
                for one in page.get(kind, ())
                if one["Key"] == key
            ]
        # Within one second a deletion is the older: what is there now was stored after it.
        return sorted(found, key=lambda one: (one.changed_at, not one.is_deletion), reverse=True)

    def stored(self, prefix: str) -> tuple[Counter[str], Counter[str]]:
        """Give the bytes under a prefix by storage class: what is there, and what was before."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        current, noncurrent = Counter[str](), Counter[str]()
        with aws.translated(f"s3:ListObjectVersions of {prefix}"):
            for page in pages:
                for one in page.get("Versions", ()):
                    kept = current if one["IsLatest"] else noncurrent
                    kept[one.get("StorageClass", "STANDARD")] += one["Size"]
        return current, noncurrent

    def folders(self) -> tuple[str, ...]:
        """Give the first step of all keys that have more than one, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Delimiter="/"
        )
        with aws.translated("s3:ListObjectsV2"):
            return tuple(
                found["Prefix"].removesuffix("/")
                for page in pages
                for found in page.get("CommonPrefixes", ())
            )

    def upload(
        self,
        stream: Readable,
        key: str,
        parts: PartPlan,
        kind: str = "application/gzip",
        storage_class: str = "",
    ) -> None:
        """Store the stream under the key in parts; an error of the stream aborts the upload.

        The object appears when the last part has arrived, or not at all. Raises AlreadyStored if
        there is an object at that moment, AwsFailed, or whatever the stream raised.
        """
        transfer = TransferConfig(
            multipart_threshold=parts.size,
            multipart_chunksize=parts.size,
            max_request_concurrency=parts.in_flight,
            max_in_memory_upload_chunks=parts.in_flight,
        )
        with (
            aws.translated(f"s3 upload of {key}"),
            never_over(self._client),
            checked(self._client, stream),
            TransferManager(self._client, transfer) as manager,
        ):
            chosen = {"StorageClass": storage_class} if storage_class else {}
            manager.upload(stream, self.bucket, key, {"ContentType": kind, **chosen}).result()

    def try_upload(self, key: str) -> None:
        """Begin an upload, send a part of it and take it back: nothing is ever stored.

        It needs the network, the rights and the key of encryption that a backup needs.
        """
        with aws.translated(f"s3 upload of {key}"):
            begun = self._client.create_multipart_upload(Bucket=self.bucket, Key=key)
            upload = {"Bucket": self.bucket, "Key": key, "UploadId": begun["UploadId"]}
            try:
                self._client.upload_part(
                    **upload, PartNumber=1, Body=b"a trial of Snapper's doctor"
                )
            finally:
                self._client.abort_multipart_upload(**upload)

    def put(self, key: str, body: bytes, kind: str = "application/json") -> None:
        """Store a small object in one call, in place of one that is there."""
        with aws.translated(f"s3:PutObject of {key}"):
            self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=kind)

    def make(self, key: str, body: bytes, kind: str = "application/json") -> None:
        """Store a small object where none is; raise AlreadyStored if there is one.

        That may be this very one: where an answer is lost, the call is sent again.
        """
        with aws.translated(f"s3:PutObject of {key}"):
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=kind,
                IfNoneMatch="*",
            )

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give the object's bytes from `start` up to before `end`, or to its own end, as a stream.

        Its errors are AwsFailed too. A range has a byte at least, and begins within the object.
        """
        last = "" if end is None else end - 1
        part = {"Range": f"bytes={start}-{last}"} if start or end is not None else {}
        with aws.translated(f"s3:GetObject of {key}"):
            answer = self._client.get_object(Bucket=self.bucket, Key=key, **part)
            answer["ETag"]  # missing from an answer whose content was lost
        return cast("BinaryIO", _Body(answer["Body"], key))

    def read(self, key: str, most: int = _SMALL) -> bytes:
        """Give a small object whole; raise BackupDamaged if it is too large to be one of ours."""
        with self.open(key) as body:  # that it was cut short is seen where nothing more comes
            found = body.read(most + 1) + body.read(1)
        if len(found) > most:
            raise BackupDamaged(f"{key} has more than {most:,} bytes: Snapper writes no such")
        return found

    def delete(self, key: str) -> None:
        """Delete one object; the bucket's versioning keeps it recoverable for a while."""
        with aws.translated(f"s3:DeleteObject of {key}"):
            self._client.delete_object(Bucket=self.bucket, Key=key)


class _Body:
    """An object's bytes as they come; a broken connection is an AwsFailed like any other."""

    def __init__(self, body: Any, key: str) -> None:  # noqa: ANN401  boto3 has no types
        self._body = body
        self._key = key

    def read(self, size: int = -1, /) -> bytes:
        with aws.translated(f"s3:GetObject of {self._key}"):
            block: bytes = self._body.read(None if size < 0 else size)
            return block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._body.close()
