"""What EventBridge tells of a container of AWS Batch that has failed.

Also of one that said nothing itself: it was killed, or had no memory left, or never began.
"""

import json
from typing import NamedTuple

from snapper.values.container import PAYLOAD

SOURCE = "aws.batch"
STATE_CHANGE = "Batch Job State Change"
FAILED = "FAILED"

_LONGEST = 500


class FailedContainer(NamedTuple):
    """The job that it was to do, as JSON, and Batch's own words on its end."""

    payload: str
    reason: str


def read_failed_container(body: str) -> FailedContainer | None:
    """Read such an event; None if a message is another."""
    try:
        event = json.loads(body)
        detail = event["detail"]
        if (event["source"], event["detail-type"], detail["status"]) != (
            SOURCE,
            STATE_CHANGE,
            FAILED,
        ):
            return None
        container = detail["container"]
        variables = {each["name"]: each["value"] for each in container["environment"]}
        payload = variables[PAYLOAD]
        code = container.get("exitCode")
        words = (
            detail.get("statusReason"),
            container.get("reason"),
            f"exit status {code}" if type(code) is int else None,
        )
        told = "; ".join(word for word in words if word and isinstance(word, str))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(payload, str):
        return None
    reason = f"its container in AWS Batch failed: {told or 'Batch gives no reason'}"
    return FailedContainer(payload, reason[:_LONGEST])
