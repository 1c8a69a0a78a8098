"""Events as AWS sends them to the functions."""

from typing import Any
from urllib.parse import quote_plus

SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-23T03:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/snapper-prod-schedule"],
    "detail": {},
}


def record(
    body: str, message_id: str = "059f36b4-87a3-44ab-83d2-661975830a7d", attempt: int = 1
) -> dict[str, Any]:
    """Give one message of a queue."""
    return {
        "messageId": message_id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(attempt),
            "SentTimestamp": "1795402800000",
            "SenderId": "AROAEXAMPLE:snapper-prod-dispatcher",
            "ApproximateFirstReceiveTimestamp": "1795402800001",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:snapper-prod-jobs",
        "awsRegion": "eu-central-1",
    }


def delivery(*records: dict[str, Any]) -> dict[str, Any]:
    """Give what the event source hands to the dumper."""
    return {"Records": list(records)}


def made(bucket: str, *keys: str) -> dict[str, Any]:
    """Give what S3 tells of objects that were just made."""
    return {"Records": [_made(bucket, key) for key in keys]}


def _made(bucket: str, key: str) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": "2026-11-23T03:00:09.123Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AROAEXAMPLE:snapper-prod-dumper"},
        "requestParameters": {"sourceIPAddress": "203.0.113.7"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURI"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "backup-made",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {
                "key": quote_plus(key, safe="/"),
                "size": 1024,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0055AED6DCD90281E5",
            },
        },
    }


class Context:
    """Lambda's context of a function with plenty of time."""

    function_name = "snapper-prod-dumper"

    def __init__(self, seconds: float = 900) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)
