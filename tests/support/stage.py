"""The whole service on the embedded cloud, as an operator meets it: the fixture `stage`.

    def test_list_shows_the_backup(stage: StageUnderTest) -> None:
        with stage.database("orders", stage.source(18).dsn):
            stage.back_up("orders")
            assert stage.run_cli("list", "orders", "--json").document["databases"]["orders"]

The real program is deployed once for the session, so a test brings databases of its own names and
takes them along again: `database` adds one for the length of a `with`, and removes its backups.
Two are always there: "shop" (PostgreSQL 14) and "sensors" (18), the deliberately awkward samples.
What backups a test made of them goes with that test, too.

`run_cli` runs a command as root of the cloud; `env=stage.as_role(policy)` as somebody who may do
exactly what the policy says.
"""

import io
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import boto3

from local.demo import sample
from local.deployment.deploy import Deployment, deploy
from local.emulator.cloud import Cloud
from local.runtime.environment import Environment
from local.runtime.host import LambdaHost
from snapper.aws import signpost
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.cli.__main__ import main
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DumpFailed
from snapper.machine.children import ROOT
from snapper.values.job import Job
from snapper.values.manifest import Manifest
from snapper.values.options import UNSET, Options
from snapper.values.service import Service
from snapper.values.settings import parameter_root
from snapper.verbs.catalog import holding_at, read_manifest
from tests.support.added import added, row
from tests.support.clients import shared
from tests.support.cloud import LONGEST, document, eventually
from tests.support.databases import Source
from tests.support.deployments import make_boundary, notify
from tests.support.impatience import impatient
from tests.support.pipe import Pipe
from tests.support.prepared import ARCHITECTURE
from tests.support.sealed import KEY

NAME = "tried"
_NUMBERS = itertools.count(1)

# In a test the session's own settings must not shine through.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote where."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; anything beside it is an error."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class StageUnderTest:
    """One deployed stage and its surroundings. See the module for how to use it."""

    cloud: Cloud
    host: LambdaHost
    deployment: Deployment
    server: Callable[[int], PostgresServer]
    name: str = NAME
    home: Source | None = None  # beside which a test's databases are made, if not on own servers
    _added: set[str] = field(default_factory=set)

    @property
    def vault(self) -> Vault:
        """The stage's bucket, as root."""
        return Vault(self.deployment.outputs["bucket"], self.cloud.client("s3"))

    @property
    def parameters(self) -> Parameters:
        return Parameters(parameter_root(self.name), self.cloud.client("ssm"))

    @property
    def service(self) -> Service:
        """What stands on the stage's signpost."""
        return signpost.find(self.name, self.cloud.client("ssm"))

    def source(self, major: int, sql: str = "CREATE TABLE t AS SELECT 1 AS n") -> Source:
        """Make a new database on the server of this major (14 or 18), with the SQL run in it."""
        made = self._home(major).create(f"stage {next(_NUMBERS)}")
        made.run(sql)
        return made

    def new(self, name: str, major: int = 18) -> Source:
        return self._home(major).beside(name)

    def _home(self, major: int) -> Source:
        return self.home or Source(self.server(major), "postgres")

    def sample(self, key: str) -> Source:
        """Give a sample database by its key: shop or sensors."""
        found = next(each for each in sample.SAMPLES if each.key == key)
        return Source(self.server(found.major), found.name)

    @contextmanager
    def database(
        self, key: str, connection: str, retention: int = 3, options: Options = UNSET
    ) -> Iterator[str]:
        """Let the stage have one more database; at the end it is gone with all its backups."""
        ssm, root = self.cloud.client("ssm"), parameter_root(self.name)
        try:
            with added(ssm, root, key, connection, row(retention, options), options.to_json()):
                yield key
        finally:
            # Who was given a job in time may still be making its backup.
            wait_until(lambda: not self.at_work())
            self.forget(key)

    def at_work(self) -> list[Environment]:
        """Give the dumper's execution environments that have a job."""
        return list(self.host._installed[self.deployment.outputs["dumper"]].busy)

    def forget(self, key: str) -> None:
        """Remove every object of a database."""
        for stored in list(self.vault.list(f"{key}/")):
            self.vault.delete(stored.key)

    def forget_samples(self) -> None:
        """Remove every object of the databases that are always there."""
        for each in sample.SAMPLES:
            self.forget(each.key)

    def back_up(self, key: str, at: datetime | None = None) -> Manifest:
        """Have the deployed dumper make a backup for this time (now), and give its manifest."""
        job = Job(key, (at or datetime.now(UTC)).replace(microsecond=0))
        self.cloud.client("sqs").send_message(
            QueueUrl=self.deployment.outputs["queue_url"], MessageBody=job.to_json()
        )
        end = time.monotonic() + LONGEST
        while not (holding := holding_at(self.vault, key, job.scheduled_at)).entry.complete:
            if time.monotonic() > end:
                log = self.host.logs(self.deployment.outputs["dumper"])
                raise DumpFailed("\n".join(log[-5:]))
            time.sleep(0.05)
        return read_manifest(self.vault, holding)

    def put_backup(self, manifest: Manifest, body: bytes | None = None) -> None:
        """Put a made-up backup into the vault: its manifest, and as many bytes as that says."""
        content = b"x" * manifest.backup_bytes if body is None else body
        self.vault.put(manifest.dump_key, content)
        self.vault.put(manifest.key, manifest.to_json().encode())

    def damage(self, manifest: Manifest, change: Callable[[bytes], bytes]) -> None:
        """Replace a backup's object by what `change` makes of it."""
        self.vault.put(manifest.dump_key, change(self.vault.read(manifest.dump_key)))

    def environment(self) -> dict[str, str]:
        """Give the environment variables of somebody who may do everything on this stage."""
        return {**self.cloud.environment(), "SNAPPER_STAGE": self.name}

    def as_role(self, policy: str | Mapping[str, Any]) -> dict[str, str]:
        """Give the environment variables of somebody who may do what the policy says, no more."""
        iam, name = self.cloud.client("iam"), f"operator-{next(_NUMBERS)}"
        everyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(everyone))["Role"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=text)
        return {
            **self.cloud.place(),
            **self.cloud.credentials(role["Arn"], name),
            "SNAPPER_STAGE": self.name,
        }

    def run_cli(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> Ran:
        """Run a command in this process, which is quick; `more` is added to the environment.

        Its output is piped: plain lines. Standard input is no terminal either.
        """
        out, err = Pipe(), Pipe()
        variables = {**_own(), **(self.environment() if env is None else env), **(more or {})}
        with (
            mock.patch.dict(os.environ, variables, clear=True),
            mock.patch.object(boto3, "DEFAULT_SESSION", None),
            impatient(),
            shared(),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = main(arguments)
        return Ran(code, out.text(), err.text())

    def start_cli(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Start a command as a process of its own: for signals, terminals and stray threads."""
        return subprocess.Popen(
            [sys.executable, "-m", "snapper.cli", *arguments],
            cwd=ROOT,
            env={**_own(), **(self.environment() if env is None else env)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def unserved(self) -> Iterator[None]:
        """Let nobody take jobs or drills for a while, and forget those that came meanwhile."""
        client, kind = self.cloud.client("lambda"), "eventSourceMapping:EventSourceMapping"
        mappings = self.deployment.of_type(f"aws:lambda/{kind}")
        for each in mappings:
            client.update_event_source_mapping(UUID=each.identifier, Enabled=False)
        try:
            yield
        finally:
            self.settle()
            for each in mappings:
                client.update_event_source_mapping(UUID=each.identifier, Enabled=True)

    @contextmanager
    def pruning(self) -> Iterator[None]:
        """Let S3 call the pruner, as it always does on AWS: else few backups could be made up."""
        (made,) = self.deployment.of_type("aws:s3/bucketNotification:BucketNotification")
        notify(self.cloud, self.vault.bucket, made.inputs["lambdaFunctions"])
        try:
            yield
        finally:
            notify(self.cloud, self.vault.bucket, ())

    def post_dead_letter(self, body: str) -> None:
        """Put a message where the jobs end up that failed too often."""
        url = self.deployment.outputs["dead_letter_url"]
        self.cloud.client("sqs").send_message(QueueUrl=url, MessageBody=body)

    def settle(self) -> None:
        """Forget all jobs, drills and dead letters, so that the next test starts in peace."""
        for queue in self.deployment.of_type("aws:sqs/queue:Queue"):
            self.cloud.client("sqs").purge_queue(QueueUrl=queue.identifier)


@contextmanager
def deployed(
    cloud: Cloud, directory: Path, server: Callable[[int], PostgresServer]
) -> Iterator[StageUnderTest]:
    """Deploy the program with the samples as its databases; it goes with the cloud."""
    for each in sample.SAMPLES:
        sample.write(each, server(each.major).dsn(), server(each.major).dsn(each.name))
    connections = {each.key: server(each.major).dsn(each.name) for each in sample.SAMPLES}
    config = {
        "DATABASE_CONN_STRINGS": "|".join(f"{k},{dsn},POSTGRES" for k, dsn in connections.items()),
        "BACKUP_STORAGE_DATA": "|".join(f"{key},3" for key in connections),
        "architecture": ARCHITECTURE,
        "dumperTimeout": "840",
        "deleteBackupsOnDestroy": "true",
        "permissionsBoundary": make_boundary(cloud, NAME),
        "drillIdentity": KEY.text,
    }
    with LambdaHost(cloud, directory) as host:
        deployment = deploy(cloud, host, ROOT, NAME, config, ("drillIdentity",))
        notify(cloud, deployment.outputs["bucket"], ())
        yield StageUnderTest(cloud, host, deployment, server)


wait_until = eventually  # for what the deployed functions bring about


def _own() -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ}
