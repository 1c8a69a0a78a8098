"""What the functions write: structured logs, and metrics that alarms watch."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from snapper.values.visible import visible_json

NAMESPACE = "Snapper"

_COUNTS = {
    # Only a dump that was made just now is a success. A job that comes again makes none.
    "dump.ended": "BackupSucceeded",
    "dump.failed": "BackupFailed",
    "prune.failed": "PruneFailed",
    "drill.ended": "DrillSucceeded",
    "drill.failed": "DrillFailed",
}
_MEASURES = {
    "dump.ended": {
        "seconds": ("DumpSeconds", MetricUnit.Seconds),
        "dump_bytes": ("DumpBytes", MetricUnit.Bytes),
        "backup_bytes": ("BackupBytes", MetricUnit.Bytes),
    },
    "drill.ended": {"seconds": ("RecoverySeconds", MetricUnit.Seconds)},
    "drill.planned": {"unproven": ("Unproven", MetricUnit.Count)},
    "backups.watched": {"late": ("Late", MetricUnit.Count)},
    "replica.watched": {"behind": ("ReplicaBehind", MetricUnit.Count)},
}
# One alarm watches all databases of a stage for these.
_OF_THE_STAGE = frozenset(
    {"drill.ended", "drill.failed", "drill.planned", "backups.watched", "replica.watched"}
)
_WARNINGS = frozenset(
    {
        *("backup.late", "client.older", "connection.plain", "dump.warned", "job.unhurried"),
        *("drill.skipped", "drill.unproven", "drill.untried", "restore.warned"),
        "replica.behind",
    }
)


def _line(record: dict[str, Any]) -> str:
    """Write a log line of which nothing acts on the terminal that it is read on."""
    text = json.dumps(record, default=str, separators=(",", ":"), ensure_ascii=False)
    return visible_json(text)


class Telemetry:
    """Writes the verbs' events as JSON log lines and, where they count, as EMF metrics.

    The metrics have the dimensions Stage and Database, those of drills also the first alone; their
    units are count, seconds and bytes.
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
        measured = [
            (name, unit, float(fields[field]))
            for field, (name, unit) in _MEASURES.get(event, {}).items()
            if field in fields
        ]
        if event in _COUNTS:
            measured = [(_COUNTS[event], MetricUnit.Count, 1.0), *measured]
            self._measure(measured, Database=str(fields.get("database", "unknown")))
        if event in _OF_THE_STAGE:
            self._measure(measured)

    def _measure(self, measured: list[tuple[str, MetricUnit, float]], **dimensions: str) -> None:
        # A service name would become one more dimension, and no alarm would see the metric.
        metrics = EphemeralMetrics(namespace=NAMESPACE, service="")
        for name, value in {"Stage": self._stage, **dimensions}.items():
            metrics.add_dimension(name, value)
        for name, unit, number in measured:
            metrics.add_metric(name, unit, number)
        metrics.flush_metrics()
