"""A small service under faults: one database, older backups, neighbours, and what must hold.

`deliver` runs the real handlers in this process, on the embedded cloud, with the faults of a plan:
the dumper's, then the pruner's as S3 calls it for a manifest. `check` asserts the promise: the old
backups are intact, and the new one is whole or is not there; nothing is half, no lie is reported.
"""

import functools
import gzip
import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import boto3
import botocore.endpoint

from bin.pg_dump.layer import client_root
from local.emulator.cloud import Cloud
from snapper.aws import client as aws
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.job import Job
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import FIRST_ENGINE, Manifest
from snapper.values.settings import (
    DumperSettings,
    connection_parameter,
    databases_path,
    parameter_root,
)
from snapper.values.table import Row, read_table, write_table
from snapper.verbs.back_up import back_up
from snapper.verbs.catalog import backups, read_manifest
from snapper.verbs.dump import Dumper
from snapper.verbs.made import prune_for
from snapper.verbs.place import made_for
from tests.support.backups import days, store
from tests.support.databases import AT, Source
from tests.support.engines import clients
from tests.support.events import delivery
from tests.support.events import record as message
from tests.support.fault_calls import Fault, Injection
from tests.support.fault_work import work
from tests.support.impatience import NO_PAUSE
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys, open_uploads

KEY, KEEP = "orders", 2
MUCH_LATER = timedelta(hours=2)
"""When a job that failed comes back: longer than any writer lives."""

BESIDE = AT + timedelta(seconds=1)
"""Where the backup of AT is, if a dead writer has left something unfinished in its own place."""

FOREIGN = {"orders/notes.txt": b"mine", "ORDERS/x.sql.gz": b"theirs", "orders2/2026.gz": b"other"}
_NUMBERS = itertools.count(1)


@dataclass
class Delivery:
    """What came of one delivery of a job: the answer for the queue, and the log of the function."""

    answer: Any
    log: list[dict[str, Any]]
    unpruned: list[str] = field(default_factory=list)
    injection: Injection = field(default_factory=Injection)

    @property
    def acknowledged(self) -> bool:
        return self.answer == {"batchItemFailures": []} and not self.unpruned

    def reported(self, event: str) -> list[dict[str, Any]]:
        return [record for record in self.log if record.get("message") == event]


class Context:
    """The part of Lambda's context that the handler reads.

    There is time enough to ask the server, however slow the machine is; the rest is reported.
    """

    def __init__(self, seconds: float = 900.0) -> None:
        self._left = itertools.chain([900.0], itertools.repeat(seconds))

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * next(self._left))


@dataclass(frozen=True)
class Service:
    """A stage of its own: parameters, a bucket, and a database with KEEP backups to keep."""

    cloud: Cloud
    source: Source
    stage: str
    key: str = KEY

    @classmethod
    def make(cls, cloud: Cloud, source: Source, *, stage: str = "", keep: int = KEEP) -> "Service":
        """Make a stage of its own."""
        service = cls(cloud, source, stage or f"faults{next(_NUMBERS)}")
        service.cloud.client("s3").create_bucket(Bucket=service.stage)
        service.register(service.key, source.dsn, keep)
        return service

    @property
    def root(self) -> str:
        return parameter_root(self.stage)

    @property
    def vault(self) -> Vault:
        return Vault(self.stage, self.cloud.client("s3"))

    @property
    def environment(self) -> dict[str, str]:
        programs = clients(ClientTools(client_root()), self.cloud.directory)
        settings = DumperSettings(self.stage, self.root, self.stage, str(programs))
        return {**self.cloud.environment(), **settings.to_env()}

    def register(self, key: str, connection: str, keep: int) -> None:
        """Let the stage have a database."""
        client, path = self.cloud.client("ssm"), databases_path(self.root)
        there = client.get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
        rows = read_table([piece["Value"] for piece in there]) | {key: Row(keep, FIRST_ENGINE)}
        (table,) = write_table(rows)
        for name, value in (
            (connection_parameter(self.root, key), connection),
            (f"{path}/1", table),
        ):
            client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    def furnish(self) -> dict[str, bytes]:
        """Empty the bucket, put older backups and others' objects into it, and give them."""
        for stored in list(self.vault.list("")):
            self.vault.delete(stored.key)
        for upload in (
            self.cloud.client("s3").list_multipart_uploads(Bucket=self.stage).get("Uploads", ())
        ):
            self.cloud.client("s3").abort_multipart_upload(
                Bucket=self.stage, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        for name, content in FOREIGN.items():
            self.vault.put(name, content)
        for number in range(1, KEEP + 1):
            store(self.vault, days(-number), self.key)
        return self.objects()

    def deliver(
        self,
        faults: Sequence[Fault] = (),
        *jobs: Job | str,
        seconds: float = 900.0,
    ) -> Delivery:
        """Have the handler do jobs (that of AT), with these faults, in so many seconds."""
        injection = Injection(tuple(faults))
        with as_function(self.environment, injection), log_of_function() as log:
            answer, unpruned = work(record(*(jobs or [Job(self.key, AT)])), Context(seconds))
        return Delivery(answer, log, unpruned, injection)

    def redeliver(self, job: Job | None = None) -> RecordedEvents:
        """Do all again, as the queue and Lambda bring it back: much later, and without faults."""
        events = RecordedEvents()
        parameters = Parameters(self.root, self.cloud.client("ssm"))
        dumper = Dumper(self.vault, events)
        later = replace(dumper, now=lambda: datetime.now(UTC) + MUCH_LATER)
        back_up(job or Job(self.key, AT), parameters, later)
        made = made_for(self.vault, job or Job(self.key, AT))
        assert made is not None
        assert prune_for(made.manifest_key, parameters, self.vault, events)
        return events

    def objects(self) -> dict[str, bytes]:
        return {key: self.vault.read(key) for key in keys(self.vault)}

    def is_backed_up(self, at: datetime = AT) -> bool:
        return made_for(self.vault, Job(self.key, at)) is not None

    def check_whole(self, at: datetime = AT) -> None:
        """Assert that the backup is what its manifest says, to the last byte."""
        holding = made_for(self.vault, Job(self.key, at))
        assert holding is not None
        found = read_manifest(self.vault, holding)
        stored = self.vault.read(found.dump_key)
        assert hashlib.sha256(stored).hexdigest() == found.sha256
        assert len(stored) == found.backup_bytes
        plain = gzip.decompress(stored)
        assert len(plain) == found.dump_bytes
        assert b"PostgreSQL database dump complete" in plain[-1024:]

    def check(self, older: dict[str, bytes]) -> bool:
        """Assert that nothing is lost and nothing false; tell whether there is a new backup."""
        found, made = self.objects(), self.is_backed_up()
        if made:
            self.check_whole()
        complete = [holding.taken_at for holding in backups(self.vault, self.key)]
        assert len(complete) >= KEEP, complete
        # Without the new backup no old one may go; with it the oldest may, in part or whole.
        oldest = object_key(self.key, days(-KEEP), Kind.DUMP).removesuffix(Kind.DUMP)
        for name, content in older.items():
            if not (made and name.startswith(oldest)):
                assert found.get(name) == content, name
        ours = {object_key(self.key, at, kind) for at in (AT, BESIDE) for kind in Kind}
        assert set(found) <= set(older) | ours
        assert made or object_key(self.key, AT, Kind.MANIFEST) not in found
        return made

    def sweep(self) -> list[str]:
        """Do what the bucket's lifecycle rule does with unfinished uploads, and name them."""
        client, swept = self.cloud.client("s3"), open_uploads(self.vault)
        for upload in client.list_multipart_uploads(Bucket=self.stage).get("Uploads", ()):
            client.abort_multipart_upload(
                Bucket=self.stage, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        return swept

    def check_recovery(self, older: dict[str, bytes]) -> None:
        """Assert that the queue's redelivery ends well, whatever came before, and leaves order."""
        self.redeliver()
        assert self.check(older)
        kept = {holding.taken_at for holding in backups(self.vault, self.key)}
        half = object_key(self.key, AT, Kind.DUMP)
        left = {half} if BESIDE in kept else set()
        assert kept - {AT, BESIDE} == {days(-number) for number in range(1, KEEP)}
        assert len(kept) == KEEP
        for name, content in FOREIGN.items():
            assert self.vault.read(name) == content
        expected = {
            object_key(self.key, at, kind) for at in kept for kind in (Kind.DUMP, Kind.MANIFEST)
        }
        # The older ones have no list of contents. What a dead writer left is nobody's to take away
        # but retention's.
        lists = {object_key(self.key, at, Kind.CONTENTS) for at in (AT, BESIDE)}
        assert set(self.objects()) - lists == expected | left | set(FOREIGN)


def record(*jobs: Job | str) -> dict[str, Any]:
    """Make the event that SQS hands to the dumper, of jobs and of other bodies."""
    bodies = [job.to_json() if isinstance(job, Job) else job for job in jobs]
    return delivery(*(message(body, f"m{n}") for n, body in enumerate(bodies)))


@functools.cache
def _session(cloud: str) -> boto3.Session:
    """Give one session per cloud: what it reads from its files need not be read for each fault."""
    return boto3.Session()


@contextmanager
def as_function(environment: dict[str, str], injection: Injection | None = None) -> Iterator[None]:
    """Let the function's own clients reach the cloud, through the faults, and never wait.

    Every backup is late, and makes all the calls there are, whatever the time is.
    """
    original = aws.client

    def client(*arguments: Any) -> Any:
        made = original(*arguments)
        return injection.into(made) if injection else made

    with (
        mock.patch.dict("os.environ", environment),
        mock.patch.object(aws, "client", client),
        mock.patch.object(Manifest, "late", True),
        mock.patch.object(botocore.endpoint, "time", NO_PAUSE),
        mock.patch("boto3.DEFAULT_SESSION", _session(environment["AWS_ENDPOINT_URL"])),
    ):
        yield


@contextmanager
def log_of_function() -> Iterator[list[dict[str, Any]]]:
    """Collect what the function tells, instead of writing it."""
    log: list[dict[str, Any]] = []

    def emit(_: object, event: str, /, **fields: Any) -> None:
        log.append(json.loads(json.dumps({"message": event, **fields})))

    with mock.patch("functions.telemetry.Telemetry.emit", emit):
        yield log
