"""A small stage under drills: one database, one backup with its list, and what must hold.

`drill` runs the prover's real handler in this process, on the embedded cloud, with the faults of a
plan. `check` asserts the promise: no verdict is false, and nothing but verdicts was written.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from functions import prover
from local.emulator.cloud import Cloud
from snapper.aws import queue
from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.engines.facts import ALL_THERE_IS, TrialOptions
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.machine import run_directory
from snapper.values.drill import Drill
from snapper.values.keys import Kind, object_key, trial_key
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.secrets import Database
from snapper.values.settings import ProverSettings
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import holding_at, read_manifest
from snapper.verbs.trial import last_trial
from tests.support.databases import AT, Source
from tests.support.events import delivery
from tests.support.events import record as message
from tests.support.fault_calls import Fault, Injection
from tests.support.fault_service import (
    FOREIGN,
    KEY,
    Context,
    Service,
    as_function,
    log_of_function,
)
from tests.support.parameters import store
from tests.support.vaults import keys

VERDICTS = {
    object_key(KEY, AT, Kind.VERIFICATION),
    object_key(KEY, AT, Kind.DAMAGED),
    trial_key(KEY),
}
"""All that a drill may write."""

_NUMBERS = itertools.count(1)


class Believing(PostgreSQL):
    """Reads a dump to its end, as a server would, and restores nothing: for faults elsewhere.

    `meanwhile` is done before it begins.
    """

    def __init__(self, meanwhile: Callable[[], object] = bool) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def try_restore(
        self,
        dump: Iterable[bytes],
        manifest: Manifest,
        server: str,
        options: TrialOptions = ALL_THERE_IS,
    ) -> Restored:
        self._meanwhile()
        for _ in dump:
            pass
        return Restored(1, 1, 0.1)


@dataclass
class Drilled:
    """What came of one delivery of a drill: the answer for the queue, and the log."""

    answer: Any
    log: list[dict[str, Any]]
    injection: Injection = field(default_factory=Injection)

    @property
    def acknowledged(self) -> bool:
        return bool(self.answer == {"batchItemFailures": []})

    @property
    def names(self) -> list[str]:
        return [one["message"] for one in self.log if one["message"] != "job.unhurried"]

    def reported(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.log if one["message"] == event]


@dataclass(frozen=True)
class Drills:
    """The prover's surroundings: a backup, its queues, and the options of its database."""

    service: Service
    backup: dict[str, bytes]
    queue: str
    letters: str
    temporary: Path
    """What is /tmp to the function."""

    @classmethod
    def make(cls, cloud: Cloud, source: Source, options: Options | None = None) -> "Drills":
        """Make a stage of its own with a real backup, which nobody changes but a test."""
        service = Service.make(cloud, source, stage=f"drills{next(_NUMBERS)}")
        for name, content in FOREIGN.items():
            service.vault.put(name, content)
        assert service.deliver().acknowledged
        sqs = cloud.client("sqs")
        queue, letters = (
            sqs.create_queue(QueueName=f"{service.stage}-{part}")["QueueUrl"]
            for part in ("drills", "dead-letters")
        )
        temporary = cloud.directory.parent / service.stage
        temporary.mkdir(mode=0o711)
        made = cls(service, service.objects(), queue, letters, temporary)
        made.configure(options or Options())
        return made

    def configure(self, options: Options) -> None:
        """Set the options of the database."""
        service = self.service
        store(service.cloud.client("ssm"), service.root, [Database(KEY, "", 2, options=options)])

    @property
    def vault(self) -> Vault:
        return self.service.vault

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.vault, holding_at(self.vault, KEY, AT))

    @property
    def environment(self) -> dict[str, str]:
        stage = self.service.stage
        dumper = self.service.environment
        own = ProverSettings(
            stage,
            self.service.root,
            bucket=stage,
            queue_url=self.queue,
            dead_letter_url=self.letters,
            drill="weekly",
            clients=dumper["SNAPPER_CLIENTS"],
        )
        return {**dumper, **own.to_env()}

    def furnish(self) -> None:
        """Have the backup as it was made, and nothing else."""
        for name in keys(self.vault):
            if name not in self.backup:
                self.vault.delete(name)
        for name, content in self.backup.items():
            self.vault.put(name, content)
        for url in (self.queue, self.letters):
            self.service.cloud.client("sqs").purge_queue(QueueUrl=url)

    def ordered(self) -> Drill:
        """Order a drill now."""
        return Drill(KEY, AT, datetime.now(UTC))

    def delivered(self, drill: Drill) -> dict[str, Any]:
        """Send a drill through the queue, and give the event that brings it."""
        sqs = self.service.cloud.client("sqs")
        sqs.send_message(QueueUrl=self.queue, MessageBody=drill.to_json())
        (taken,) = sqs.receive_message(QueueUrl=self.queue)["Messages"]
        return delivery({**message(taken["Body"]), "receiptHandle": taken["ReceiptHandle"]})

    def drill(
        self,
        faults: Sequence[Fault] = (),
        drill: Drill | None = None,
        *,
        seconds: float = 900.0,
        engine: Callable[..., Any] | None = None,
    ) -> Drilled:
        """Have the handler do a drill with these faults, in so many seconds, by this engine."""
        event = self.delivered(drill or self.ordered())
        return work(self.environment, event, self.temporary, faults, seconds, engine)

    def taken_letters(self) -> list[Drill]:
        """Take what was given up."""
        sqs, found = self.service.cloud.client("sqs"), list[Drill]()
        while taken := sqs.receive_message(QueueUrl=self.letters).get("Messages"):
            for each in taken:
                sqs.delete_message(QueueUrl=self.letters, ReceiptHandle=each["ReceiptHandle"])
                found.append(Drill.from_json(each["Body"]))
        return found

    def verdicts(self) -> list[Verification]:
        """Read every verdict there is, and that of the last trial."""
        found = [
            Verification.from_json(self.vault.read(name))
            for name in keys(self.vault)
            if name.endswith((Kind.VERIFICATION, Kind.DAMAGED)) and name != trial_key(KEY)
        ]
        trial = last_trial(self.vault, KEY)
        return [*found, *([trial.verdict] if trial else [])]

    def check(self) -> list[Verification]:
        """Assert that nothing is left, nothing written but verdicts, nothing changed; give them."""
        found = self.service.objects()
        assert {name: found.get(name) for name in self.backup} == self.backup
        assert set(found) - set(self.backup) <= VERDICTS
        assert [each for each in self.temporary.rglob("*") if each.is_file()] == []
        return self.verdicts()


def work(
    environment: dict[str, str],
    event: dict[str, Any],
    temporary: Path,
    faults: Sequence[Fault] = (),
    seconds: float = 900.0,
    engine: Callable[..., Any] | None = None,
) -> Drilled:
    """Have the handler do what the event says, with these faults; `temporary` is its /tmp."""
    injection = Injection(tuple(faults))
    folder = SimpleNamespace(gettempdir=lambda: str(temporary))
    with (
        as_function(environment, injection),
        log_of_function() as log,
        mock.patch.object(prover, "engine_of", engine or engine_of),
        mock.patch.object(queue, "_PAUSE_SECONDS", 0),
        mock.patch.object(run_directory, "tempfile", folder),
    ):
        try:
            answer = prover.handler(event, Context(seconds))
        except Exception as error:  # as Lambda tells it, and the drill comes back
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
    return Drilled(answer, log, injection)


def believing(*_: object, **__: object) -> Believing:
    """Give an engine that restores nothing, whatever the kind."""
    return Believing()


def told(drilled: Drilled) -> str:
    return json.dumps(drilled.log)
