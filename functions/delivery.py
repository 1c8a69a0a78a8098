"""One delivery of a job: how often it was tried, and when the queue shall deliver it again."""

from datetime import timedelta
from typing import Any

from functions.telemetry import Telemetry
from snapper.aws.queue import JobQueue
from snapper.errors import AwsFailed
from snapper.values.attempts import pause_after

_SPARE = timedelta(minutes=1)


class Delivery:
    """An SQS record, and the queue that it came from; an older environment does not name that."""

    def __init__(self, record: dict[str, Any], queue_url: str, telemetry: Telemetry) -> None:
        self.message_id: str = record["messageId"]
        self.body: str = record["body"]
        self.attempt = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        self._receipt = record.get("receiptHandle", "")
        self._queue_url = queue_url
        self._telemetry = telemetry

    def hold(self, seconds_left: float) -> None:
        """Keep it hidden for as long as this function can be at work, and no longer.

        If the function is killed it comes back then, not after the queue's own time, which leaves
        room for a throttled function.
        """
        self._hide(timedelta(seconds=seconds_left) + _SPARE)

    def come_back(self) -> None:
        """Have it delivered again after the pause that its number of attempts has."""
        self._hide(pause_after(self.attempt))

    def _hide(self, pause: timedelta) -> None:
        if not self._queue_url:
            return
        try:
            JobQueue.connect(self._queue_url).hide(self._receipt, pause)
        except AwsFailed as error:
            # It comes back all the same, only later: no reason to fail, nor to hide a failure.
            self._telemetry.emit(
                "job.unhurried", message_id=self.message_id, reason=str(error), hint=error.hint
            )
