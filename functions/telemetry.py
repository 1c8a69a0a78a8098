"""What the functions write: structured logs, and metrics that alarms watch."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from snapper.values.visible import visible_json

NAMESPACE = "Snapper"

# Only a dump that was made just now is a success. A job that comes again makes none, and would
# keep the late alarm silent for ever.
_COUNTS = {
    "dump.ended": "BackupSucceeded",
    "dump.failed": "BackupFailed",
    "prune.failed": "PruneFailed",
}
_MEASURES = {
    "seconds": ("DumpSeconds", MetricUnit.Seconds),
    "dump_bytes": ("DumpBytes", MetricUnit.Bytes),
    "backup_bytes": ("BackupBytes", MetricUnit.Bytes),
}
_WARNINGS = frozenset({"client.older", "connection.plain", "dump.warned", "job.unhurried"})


def _line(record: dict[str, Any]) -> str:
    """Write a log line of which nothing acts on the terminal that it is read on."""
    text = json.dumps(record, default=str, separators=(",", ":"), ensure_ascii=False)
    return visible_json(text)


class Telemetry:
    """Writes the verbs' events as JSON log lines and, where they count, as EMF metrics.

    The metrics have the dimensions Stage and Database, and count, seconds and bytes as units.
    """

    def __init__(self, service: str, stage: str) -> None:
        self._stage = stage
        self._logger = Logger(service=service, json_serializer=_line)

    def note(self, **fields: str | float) -> None:
        """Add fields to every event from now on, in place of those of the same name."""
        self._logger.append_keys(**fields)

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Log one event; a failure as an error, so that a filter for errors finds it."""
        if event.endswith(".failed"):
            log = self._logger.error
        elif event in _WARNINGS:
            log = self._logger.warning
        else:
            log = self._logger.info
        log(event, extra={"stage": self._stage, **fields})
        if event in _COUNTS:
            self._measure(_COUNTS[event], fields)

    def _measure(self, count: str, fields: dict[str, str | float]) -> None:
        # A service name would become a third dimension, and no alarm would see the metric.
        metrics = EphemeralMetrics(namespace=NAMESPACE, service="")
        metrics.add_dimension("Stage", self._stage)
        metrics.add_dimension("Database", str(fields.get("database", "unknown")))
        metrics.add_metric(count, MetricUnit.Count, 1)
        for field, (name, unit) in _MEASURES.items():
            if field in fields:
                metrics.add_metric(name, unit, float(fields[field]))
        metrics.flush_metrics()
