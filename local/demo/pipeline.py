"""The deployed service, used as AWS uses it: its schedule fires, its queue empties."""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.demo.fault import Fault
from local.emulator.cloud import Cloud
from snapper.aws.batch import Batch
from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.container import container_name
from snapper.values.failed_container import FAILED
from snapper.values.job import Job, read_time, write_time
from snapper.values.keys import Kind, object_key
from snapper.verbs.catalog import holding_at
from snapper.verbs.network import PRIVATE_HINT

_POLL_SECONDS = 0.05

# After these nothing more will come: the events travel within this machine, a connection may
# take a while to fail, and a dumper has 900 seconds.
_DISPATCH_SECONDS = 120.0
_BEGIN_SECONDS = 120.0
_LONGEST_SECONDS = 960.0

Logs = Callable[[str], list[str]]
"""Gives all lines that a function has written, or containers of a name, by that name."""


class ScheduleBroken(SnapperError):
    """The deployed schedule did not lead to jobs."""


@dataclass(frozen=True)
class Schedule:
    """The deployed rule, read back from the cloud."""

    rule_arn: str
    expression: str
    target_arn: str


class Pipeline:
    """Fires the schedule of one deployment and watches what comes of it."""

    def __init__(
        self, cloud: Cloud, outputs: Mapping[str, str], logs: Logs, containers: Logs
    ) -> None:
        self._cloud = cloud
        self._outputs = outputs
        self._logs = logs
        self._containers = containers
        self._last = 0
        self._read = {"dispatcher": 0, "dumper": 0, "pruner": 0}
        self._batch = Batch("", "", cloud.client("batch"))
        self.vault = Vault(outputs["bucket"], cloud.client("s3"))
        self.schedule = self._read_schedule()

    def fire(self) -> datetime:
        """Send the schedule's event as EventBridge does; give its time, which no other one has."""
        while int(time.time()) <= self._last:
            time.sleep(_POLL_SECONDS)
        self._last = int(time.time())
        self._read = {name: len(self._logs(self._outputs[name])) for name in self._read}
        at = datetime.fromtimestamp(self._last, UTC)
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self.schedule.rule_arn.split(":")[4],
            "time": write_time(at),
            "region": self._cloud.region,
            "resources": [self.schedule.rule_arn],
            "detail": {},
        }
        self._cloud.client("lambda").invoke(
            FunctionName=self.schedule.target_arn,
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )
        return at

    def wait(self, at: datetime, keys: Sequence[str]) -> dict[str, Fault]:
        """Wait until every database has its backup of this time, or the reason why it has none.

        Gives those reasons by key. Raises ScheduleBroken if no jobs came of the event.
        """
        began = time.monotonic()
        silent: dict[str, Fault] = {}
        while waiting := set(keys) - self._all_faults().keys() - self._made(at, keys):
            passed = time.monotonic() - began
            if passed > _DISPATCH_SECONDS and not self._logged("dispatcher", "job.queued"):
                raise ScheduleBroken(
                    "the schedule fired, but no job was queued", hint=self._last_words("dispatcher")
                )
            begins = self._logged("dumper", "dump.began", "dump.handed_over")
            begun = {record["database"] for record in begins}
            late = waiting if passed > _LONGEST_SECONDS else waiting - begun
            if passed > _BEGIN_SECONDS and late:
                words = self._last_words("dumper")
                fault = Fault(f"nothing was logged of its job for {passed:.0f} s", words)
                silent = dict.fromkeys(late, fault)
                break
            self._check_dispatcher()
            time.sleep(_POLL_SECONDS)
        # S3 calls the pruner for each that was made.
        made = set(keys) - self._all_faults().keys() - silent.keys()
        while made - self._pruned_after(at) and time.monotonic() - began < _LONGEST_SECONDS:
            time.sleep(_POLL_SECONDS)
        return silent | self._all_faults() | self._faults("pruner", "prune.failed")

    def pruned(self, key: str) -> tuple[str, ...]:
        """Give the backups of a database that were pruned so far, oldest run first."""
        return tuple(
            object_key(key, read_time(record["scheduled_at"]), Kind.DUMP)
            for record in self._records("pruner")
            if record["message"] == "backup.pruned" and record["database"] == key
        )

    def handed_over(self, key: str) -> dict[str, str]:
        """Give the backups of a database whose jobs containers have taken over, and why they have.

        Containers make them unless they fail.
        """
        return {
            object_key(key, read_time(record["scheduled_at"]), Kind.DUMP): record["reason"]
            for record in self._records("dumper")
            if record["message"] == "dump.handed_over" and record["database"] == key
        }

    def _read_schedule(self) -> Schedule:
        events = self._cloud.client("events")
        for rule in events.list_rules()["Rules"]:
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                if target["Arn"].endswith(f":{self._outputs['dispatcher']}"):
                    return Schedule(rule["Arn"], rule["ScheduleExpression"], target["Arn"])
        raise ScheduleBroken("no deployed rule has the dispatcher as its target")

    def _made(self, at: datetime, keys: Sequence[str]) -> set[str]:
        return {key for key in keys if holding_at(self.vault, key, at).entry.complete}

    def _pruned_after(self, at: datetime) -> set[str]:
        """Give the databases that the pruner has looked at since their backup of this time."""
        ends = self._logged("pruner", "prune.ended", "prune.failed")
        return {each["database"] for each in ends if each["scheduled_at"] == write_time(at)}

    def _check_dispatcher(self) -> None:
        for record in self._logged("dispatcher", "dispatch.failed"):
            raise ScheduleBroken(
                f"the dispatcher failed: {record.get('reason', 'unforeseen')}",
                hint=record.get("hint", ""),
            )

    def _all_faults(self) -> dict[str, Fault]:
        """Give what went wrong in the dumper, and in the containers that it handed jobs over to."""
        return self._faults() | self._faults_in_containers()

    def _faults(self, function: str = "dumper", event: str = "dump.failed") -> dict[str, Fault]:
        return {record["database"]: _fault(record) for record in self._logged(function, event)}

    def _faults_in_containers(self) -> dict[str, Fault]:
        """Give what containers said of a failure, or what Batch says of one that said nothing."""
        found = {}
        for record in self._logged("dumper", "dump.handed_over"):
            key = record["database"]
            name = container_name(Job(key, read_time(record["scheduled_at"])))
            lines = self._containers(name)
            said = [each for each in parsed(lines) if each["message"] == "dump.failed"]
            if said:
                found[key] = _fault(said[0])
            elif (state := self._batch.state(record["container"])).status == FAILED:
                found[key] = Fault(f"its container failed: {state.reason}", "\n".join(lines[-3:]))
        return found

    def _logged(self, function: str, *events: str) -> list[dict[str, Any]]:
        """Give the records of these events since the schedule was last fired."""
        records = self._records(function, self._read[function])
        return [record for record in records if record["message"] in events]

    def _last_words(self, function: str) -> str:
        lines = self._logs(self._outputs[function])[self._read[function] :]
        return "\n".join(lines[-3:]) or f"the {function} wrote nothing"

    def _records(self, function: str, start: int = 0) -> Iterator[dict[str, Any]]:
        """Give the structured log of a function; lines of other kinds are the runtime's own."""
        return parsed(self._logs(self._outputs[function])[start:])


def parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the events among lines of a log; others are the runtime's own."""
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "message" in record:
            yield record


def _fault(record: Mapping[str, Any]) -> Fault:
    return Fault(
        record.get("reason") or f"an unexpected {record.get('kind', 'error')}",
        # Here the functions are in the network of this machine.
        record.get("hint", "").removesuffix(PRIVATE_HINT).removesuffix("; "),
    )
