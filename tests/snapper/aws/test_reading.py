"""Listed objects are read quickly, and are what botocore makes of them."""

import io
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.parsers import RestXMLParser
from botocore.session import get_session

from snapper.aws import client as aws
from snapper.aws.reading import QuickParser, look_for_error
from snapper.aws.vault import StoredObject, Vault

ODD = ("a/ü b&c<d>.json", "a/\x01", "a/+%2F", "a/'\"", "ä/" + "x" * 200)
ANSWER = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>2</KeyCount>
<IsTruncated>false</IsTruncated><Contents><Key>a/1 &amp; 2</Key>
<LastModified>2026-11-23T03:00:00.000Z</LastModified><ETag>&quot;d41d&quot;</ETag><Size>17</Size>
<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key>b</Key><LastModified>2026-11-23T03:00:00Z</LastModified><ETag></ETag><Size>0</Size>
</Contents></ListBucketResult>"""


def parsed(parser: Any, body: bytes) -> Any:
    model = get_session().get_service_model("s3").operation_model("ListObjectsV2")
    answer = {"status_code": 200, "headers": {}, "body": body}
    return parser.parse(answer, model.output_shape)


def test_all_that_is_asked_for_is_as_botocore_reads_it() -> None:
    theirs = parsed(RestXMLParser(), ANSWER)
    for each in theirs["Contents"]:
        each.pop("ChecksumAlgorithm", None)
    assert parsed(QuickParser(), ANSWER) == theirs


def test_odd_names_are_listed_as_they_were_stored(vault: Vault) -> None:
    for key in ODD:
        vault.put(key, key.encode())
    assert sorted(each.key for each in vault.list("")) == sorted(ODD)


def test_an_object_is_known_by_its_digest(vault: Vault) -> None:
    vault.put("a", b"text")
    (found,) = vault.list("")
    assert found == StoredObject("a", 4, found.changed_at, '"1cb251ec0d568de6a929b520c4aed8d1"')


def test_the_clients_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    factory = aws.client("s3")._endpoint._response_parser_factory
    assert isinstance(factory.create_parser("rest-xml"), QuickParser)


class Body(io.BytesIO):
    """The body of an answer, as urllib3 gives it."""

    def stream(self) -> list[bytes]:
        return [self.read()]


@pytest.mark.parametrize(
    "bad", [ANSWER[:-40], b"<Error><Code>InternalError</Code></Error>"], ids=["cut", "error"]
)
def test_what_is_no_whole_listing_is_asked_for_again(
    bad: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    client = aws.client("s3", Config(region_name="eu-central-1"))
    answers = iter([bad, ANSWER])

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return AWSResponse(request.url, 200, {}, Body(next(answers)))

    client.meta.events.register_first("before-send.s3", answer)
    assert [each.key for each in Vault("b", client).list("")] == ["a/1 & 2", "b"]


def test_a_whole_listing_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[bytes]()
    monkeypatch.setattr(handlers, "_handle_200_error", lambda _, got: looked.append(got["body"]))
    model = get_session().get_service_model("s3").operation_model("ListObjectsV2")
    for body in (ANSWER, ANSWER + b"\n", ANSWER[:-1]):
        look_for_error(model, {"status_code": 200, "body": body})
    assert looked == [ANSWER[:-1]]
