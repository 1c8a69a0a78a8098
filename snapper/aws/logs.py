"""What the functions have logged: their structured log lines in CloudWatch Logs."""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from snapper.aws import client as aws


@dataclass(frozen=True)
class LogEvent:
    """One event of the verbs, as a function logged it."""

    at: datetime
    name: str
    fields: dict[str, Any]


class Logs:
    """The log groups of those who do the same work, as one; raises AwsFailed."""

    def __init__(self, client: Any, *groups: str) -> None:  # noqa: ANN401  boto3 has no types
        self._client = client
        self._groups = groups

    @classmethod
    def connect(cls, *groups: str) -> Self:
        """Open the log groups with the credentials and region of the environment."""
        return cls(aws.client("logs"), *groups)

    def events(self, since: datetime, pattern: str = "") -> Iterator[LogEvent]:
        """Give the events since then, oldest first; `pattern` is CloudWatch's filter pattern.

        Lines that are not events of ours, such as Lambda's own reports, are passed over.
        """
        found = (self._of(group, since, pattern) for group in self._groups)
        return heapq.merge(*found, key=lambda event: event.at)

    def _of(self, group: str, since: datetime, pattern: str) -> Iterator[LogEvent]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=max(int(since.timestamp() * 1000), 0),  # AWS knows no time before 1970
            filterPattern=pattern,
        )
        with aws.translated(f"logs:FilterLogEvents of {group}"):
            for page in pages:
                for line in page["events"]:
                    if event := _parse(line["timestamp"], line["message"]):
                        yield event


def _parse(milliseconds: int, message: str) -> LogEvent | None:
    try:
        fields = json.loads(message)
        name = fields["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(name, str):
        return None
    return LogEvent(datetime.fromtimestamp(milliseconds / 1000, UTC), name, fields)
