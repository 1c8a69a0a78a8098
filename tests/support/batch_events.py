"""Events as EventBridge tells of containers of AWS Batch."""

import json
from typing import Any

from snapper.values.container import PAYLOAD


def container_failed(payload: str, **differing: Any) -> dict[str, Any]:
    """Give the event of one that failed, whose `detail` has what differs.

    Source: "AWS Batch job state change events" of Batch's guide.
    """
    return {
        "version": "0",
        "id": "c8f9c4b5-76e5-d76a-f980-7011e206042b",
        "detail-type": "Batch Job State Change",
        "source": "aws.batch",
        "account": "123456789012",
        "time": "2026-11-23T09:30:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:batch:eu-central-1:123456789012:job/4c7599ae"],
        "detail": {
            "jobArn": "arn:aws:batch:eu-central-1:123456789012:job/4c7599ae",
            "jobName": "orders-2026-11-23T03-00-00Z-0f3b1c2d",
            "jobId": "4c7599ae",
            "jobQueue": "arn:aws:batch:eu-central-1:123456789012:job-queue/snapper-prod-large",
            "status": "FAILED",
            "statusReason": "Essential container in task exited",
            "attempts": [],
            "container": {
                "image": "public.ecr.aws/lambda/python:3.13",
                "environment": [
                    {"name": "SNAPPER_STAGE", "value": "prod"},
                    {"name": PAYLOAD, "value": payload},
                ],
                "exitCode": 137,
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            },
            **differing,
        },
    }


def as_message(event: dict[str, Any]) -> str:
    """Write it as it lies in a queue."""
    return json.dumps(event)
