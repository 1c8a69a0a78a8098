"""The vault as S3 has it: every page, no neighbour, nothing half."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from snapper.aws.parts import MIB, PartPlan
from snapper.aws.vault import Vault
from snapper.errors import AlreadyStored, AwsFailed

PARTS = PartPlan(5 * MIB, 2)


class Stream(io.BytesIO):
    """A dump that comes whole; or one that breaks at its end, or is given up meanwhile."""

    broken: Exception | None = None
    given_up: Exception | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        if self.broken and self.tell() == len(self.getbuffer()):
            raise self.broken
        return block

    def seekable(self) -> bool:
        return False

    def check(self) -> None:
        if self.given_up:
            raise self.given_up

    def commit(self) -> None:
        self.check()


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="vault")
        yield client


@pytest.fixture
def vault(s3: Any) -> Vault:
    return Vault("vault", s3)


@pytest.mark.long
def test_a_listing_of_more_than_1000_keys_is_whole(s3: Any, vault: Vault) -> None:
    names = [f"app/{number:05}" for number in range(1001)]
    for name in names:
        s3.put_object(Bucket="vault", Key=name)
    assert [found.key for found in vault.list("app/")] == names


def test_neighbours_whose_names_begin_alike_are_not_listed(s3: Any, vault: Vault) -> None:
    for name in ("app/1", "app2/1", "APP/1", "ap/1", "app", "x/app/1", "app%2F1"):
        s3.put_object(Bucket="vault", Key=name)
    assert [found.key for found in vault.list("app/")] == ["app/1"]


def test_an_empty_prefix_lists_nothing(vault: Vault) -> None:
    assert list(vault.list("app/")) == []


def test_keys_that_xml_cannot_hold_are_listed_all_the_same(s3: Any, vault: Vault) -> None:
    names = ["app/a b", "app/a\tb", "app/ä+&<>%20"]
    for name in names:
        s3.put_object(Bucket="vault", Key=name)
    assert [found.key for found in vault.list("app/")] == sorted(names, key=str.encode)


def test_a_bucket_that_is_not_there_is_told(s3: Any) -> None:
    with pytest.raises(AwsFailed, match="NoSuchBucket"):
        list(Vault("elsewhere", s3).list("app/"))


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 5 * MIB + 1, 12 * MIB])
def test_a_stream_is_stored_whole_in_one_part_or_many(size: int, s3: Any, vault: Vault) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    vault.upload(Stream(body), "app/dump", PARTS)
    assert vault.read("app/dump") == body
    assert s3.head_object(Bucket="vault", Key="app/dump")["ContentType"] == "application/gzip"


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 12 * MIB])
def test_a_stream_that_breaks_leaves_no_object_and_no_upload(
    size: int, s3: Any, vault: Vault
) -> None:
    stream = Stream(b"x" * size)
    stream.broken = ZeroDivisionError("pg_dump died")
    with pytest.raises(ZeroDivisionError):
        vault.upload(stream, "app/dump", PARTS)
    assert list(vault.list("")) == []
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="vault")


def test_a_stream_that_is_given_up_sends_no_further_part(s3: Any, vault: Vault) -> None:
    stream = Stream(b"x" * 12 * MIB)
    stream.given_up = ZeroDivisionError("too late")
    sent: list[object] = []
    s3.meta.events.register("before-send.s3.UploadPart", lambda **_: sent.append(1))
    with pytest.raises(ZeroDivisionError):
        vault.upload(stream, "app/dump", PARTS)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="vault")
    del stream.given_up
    vault.upload(Stream(b"x" * 12 * MIB), "app/dump", PARTS)


@pytest.mark.parametrize("size", [1, 12 * MIB])
def test_an_object_that_is_there_is_not_overwritten(size: int, vault: Vault) -> None:
    vault.put("app/dump", b"first")
    with pytest.raises(AlreadyStored):
        vault.upload(Stream(b"x" * size), "app/dump", PARTS)
    assert vault.read("app/dump") == b"first"


def test_an_object_is_made_once(vault: Vault) -> None:
    vault.make("app/manifest", b"first")
    with pytest.raises(AlreadyStored):
        vault.make("app/manifest", b"second")
    assert vault.read("app/manifest") == b"first"


def test_a_condition_ends_with_its_upload(vault: Vault) -> None:
    vault.upload(Stream(b"first"), "app/dump", PARTS)
    vault.put("app/dump", b"second")
    assert vault.read("app/dump") == b"second"


def test_deleting_what_is_gone_is_no_error(vault: Vault) -> None:
    vault.delete("app/dump")


def test_reading_what_is_not_there_is_told(vault: Vault) -> None:
    with pytest.raises(AwsFailed, match="NoSuchKey"):
        vault.read("app/dump")


def test_an_upload_that_is_only_tried_leaves_nothing(s3: Any, vault: Vault) -> None:
    sent: list[str] = []
    s3.meta.events.register("before-call.s3", lambda model, **_: sent.append(model.name))
    vault.try_upload("app/dump")
    assert sent == ["CreateMultipartUpload", "UploadPart", "AbortMultipartUpload"]
    assert list(vault.list("")) == []
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="vault")


def test_a_part_that_cannot_be_sent_leaves_no_upload(s3: Any, vault: Vault) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "KMS.DisabledException"}}, "UploadPart")

    s3.meta.events.register("before-call.s3.UploadPart", refuse)
    with pytest.raises(AwsFailed, match=r"KMS\.DisabledException"):
        vault.try_upload("app/dump")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="vault")
