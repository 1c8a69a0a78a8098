"""`snapper restore --in-cloud`, end to end: a container restores, and the command follows it."""

import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.batch import Batch
from snapper.cli.interruption import Interrupted
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import AwsDenied, AwsFailed, BackupInProgress, SnapperError
from snapper.machine.python import ROOT
from snapper.values.manifest import Manifest
from snapper.verbs import order_restore, restore_in_cloud
from snapper.verbs.order_restore import Ordered, goes_on
from tests.support.cloud import eventually, refused
from tests.support.deployments import bring_up
from tests.support.stage import Ran, StageUnderTest

NAME = "beside"
INTO = "brought"
ROWS = "CREATE TABLE t AS SELECT g AS n FROM generate_series(1, 1000) AS g"


@pytest.fixture(scope="module")
def beside(
    cloud: Cloud, server: Callable[[int], PostgresServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageUnderTest]:
    """Give a stage with largeDatabases and one target for restores."""
    with LambdaHost(cloud, tmp_path_factory.mktemp(NAME)) as host:
        settings = {
            "largeDatabases": "true",
            "RESTORE_CONN_STRINGS": f"copy,{server(18).dsn(INTO)},POSTGRES",
        }
        deployment = bring_up(cloud, host, NAME, **settings)
        yield StageUnderTest(cloud, host, deployment, server, NAME)
        deployment.destroy()


@pytest.fixture(scope="module")
def made(beside: StageUnderTest) -> Iterator[Manifest]:
    """Give a backup of that stage."""
    with beside.database("large", beside.source(18, ROWS).dsn) as key:
        yield beside.back_up(key)


@pytest.fixture
def me(beside: StageUnderTest) -> Mapping[str, str]:
    """Give somebody who may do what the policy says and no more."""
    return beside.as_role(beside.run_cli("policy", "restore-in-cloud").out)


@pytest.fixture(autouse=True)
def quickly(beside: StageUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look often, and leave no target behind."""
    monkeypatch.setattr(restore_in_cloud, "_POLL_SECONDS", 0.05)
    monkeypatch.setattr(order_restore, "_POLL_SECONDS", 0.05)
    monkeypatch.setattr(restore_in_cloud, "_LAST_WORDS", 200)
    beside.new("postgres").run(f"DROP DATABASE IF EXISTS {INTO}")
    yield
    beside.new("postgres").run(f"DROP DATABASE IF EXISTS {INTO} WITH (FORCE)")


def name_in(ran: Ran) -> str:
    found = re.search(r"\S+-restore\b", ran.err)
    assert found, ran.err
    return found[0]


COMMAND = ("restore", "large", "--in-cloud", "--into", "copy")


@pytest.mark.long
def test_whoever_may_restore_in_the_cloud_does_so_and_follows_it_again(
    beside: StageUnderTest, made: Manifest, me: Mapping[str, str]
) -> None:
    plan = beside.run_cli(*COMMAND, "--dry-run", env=me)
    assert (plan.code, "into the target copy" in plan.out) == (0, True)
    ran = beside.run_cli(*COMMAND, "--create", env=me)
    assert (ran.code, made.sha256 in ran.out) == (0, True), ran.err
    assert beside.new(INTO).rows("SELECT count(*) FROM t") == [(1000,)]
    told = "\n".join(beside.host.containers.logs(name_in(ran)))
    assert f'"restored":{made.backup_bytes}' in told, "the last bytes are told of, too"
    again = beside.run_cli("restore", "--follow", name_in(ran), "--json", env=me)
    document = again.document
    assert (again.code, document["restored"], document["creates"]) == (0, True, True)
    assert (document["manifest"]["sha256"], document["left_out"]) == (made.sha256, [])
    assert document["target"].endswith(f"/{INTO}")
    assert document["seconds"] > 0


@pytest.mark.long
def test_what_the_container_refuses_is_said_as_if_it_had_been_here(
    beside: StageUnderTest, made: Manifest, me: Mapping[str, str]
) -> None:
    beside.new("postgres").run(f"CREATE DATABASE {INTO}")
    beside.new(INTO).run("CREATE TABLE in_the_way ()")
    ran = beside.run_cli(*COMMAND, env=me)
    assert (ran.code, ran.out) == (2, "")
    assert "is not empty: 1 table" in ran.err
    assert "hint: name a database that is not there yet and add --create" in ran.err
    unknown = beside.run_cli(*COMMAND[:-1], "other", "--create", "--json", env=me)
    assert unknown.code == 2
    assert (
        "RESTORE_CONN_STRINGS of this stage has no row other" in unknown.document["error"]["fact"]
    )
    assert "pulumi" in unknown.document["error"]["hint"]


@pytest.mark.long
def test_one_that_is_interrupted_goes_on_and_can_be_followed(
    beside: StageUnderTest, made: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, run = threading.Event(), beside.host.containers.run

    def run_when_told(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        go.wait()
        return run(asked)

    monkeypatch.setattr(beside.host.containers, "run", run_when_told)
    try:
        started = beside.start_cli(*COMMAND, "--create")
        assert started.stderr
        first = started.stderr.readline()
        assert "is ordered" in first
        started.send_signal(signal.SIGINT)
        out, err = started.communicate()
    finally:
        go.set()
    assert (started.returncode, out) == (130, "")
    name = first.split()[0]
    assert goes_on(name, NAME) in err
    assert f"bin/snapper restore --follow {name} --stage {NAME} follows it" in err
    assert beside.run_cli("restore", "--follow", name).code == 0
    assert beside.new(INTO).rows("SELECT count(*) FROM t") == [(1000,)]


@pytest.mark.parametrize(
    ("error", "code", "is_told"),
    [
        (AwsFailed("batch:SubmitJob failed: no answer"), 8, True),
        (Interrupted(signal.SIGINT), 130, True),
        (AwsDenied("batch:SubmitJob failed: no"), 8, False),
    ],
)
def test_of_one_that_may_have_been_ordered_it_is_said_how_to_follow_it(
    beside: StageUnderTest,
    made: Manifest,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    is_told: bool,
) -> None:
    def submit(*_: object) -> str:
        raise error

    monkeypatch.setattr(Batch, "submit", submit)
    ran = beside.run_cli(*COMMAND, "--create", "--no-privileges")
    assert ran.code == code
    assert ("now: if it was ordered, the restore goes on" in ran.err) is is_told
    assert (
        bool(re.search(rf"restore --follow large-\S+-restore --stage {NAME} follows it", ran.err))
        is is_told
    )


@pytest.mark.parametrize(
    "error", [AwsFailed("no network"), AwsDenied("no"), BackupInProgress("no machine yet")]
)
def test_of_one_that_is_left_while_it_goes_on_it_is_said_how_to_follow_it(
    beside: StageUnderTest, made: Manifest, monkeypatch: pytest.MonkeyPatch, error: SnapperError
) -> None:
    def leave(_: object) -> None:
        raise error

    ordered = Ordered("large-restore", "id", datetime.now(UTC))
    monkeypatch.setattr("snapper.cli.restore_in_cloud.order", lambda *_: ordered)
    monkeypatch.setattr(restore_in_cloud.Following, "to_its_end", leave)
    ran = beside.run_cli(*COMMAND, "--create", "--strict")
    assert ran.code == error.exit_code
    assert f"now: {goes_on(ordered.name, NAME)}" in ran.err


@pytest.mark.long
def test_a_manifest_that_has_changed_since_is_not_shown_as_that_of_what_was_restored(
    beside: StageUnderTest, made: Manifest
) -> None:
    ran = beside.run_cli(*COMMAND, "--create")
    assert ran.code == 0, ran.err
    true = beside.vault.read(made.key)
    place = {"Bucket": beside.vault.bucket, "Key": made.key}
    client = beside.cloud.client("s3")
    try:
        client.put_object(**place, Body=true + b"\n")
        again = beside.run_cli("restore", "--follow", name_in(ran))
        assert (again.code, again.out) == (4, "")
        assert f"{made.key} is another manifest than that of what was restored" in again.err
        assert f"/{INTO} holds what was restored" in again.err
    finally:
        client.put_object(**place, Body=true)


SAY_A_TARGET = """
import boto3
name = "/snapper/beside/RESTORE_CONN_STRINGS/copy"
print(boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
"""


def test_the_right_to_order_a_container_is_worth_its_role_as_the_docs_say(
    beside: StageUnderTest, me: Mapping[str, str]
) -> None:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    batch = beside.cloud.client_with("batch", {name: me[name] for name in names})
    batch.submit_job(
        jobName="anything",
        jobQueue=beside.service.restore_queue,
        jobDefinition=beside.service.restore_definition,
        containerOverrides={"command": [SAY_A_TARGET]},
    )
    eventually(lambda: INTO in "\n".join(beside.host.containers.logs("anything")))
    rights = (ROOT / "docs" / "restore-in-cloud.md").read_text().partition("## Rights")[2]
    assert "the connection of every target" in rights


def test_with_these_rights_nothing_else_is_had(
    beside: StageUnderTest, made: Manifest, me: Mapping[str, str]
) -> None:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    mine = {name: me[name] for name in names}
    s3, ssm, batch = (beside.cloud.client_with(each, mine) for each in ("s3", "ssm", "batch"))
    bucket, root = beside.vault.bucket, "/snapper/beside"
    assert refused(s3.get_object, Bucket=bucket, Key=made.dump_key)
    assert refused(s3.put_object, Bucket=bucket, Key=made.key, Body=b"")
    assert refused(ssm.get_parameter, Name=f"{root}/RESTORE_CONN_STRINGS/copy", WithDecryption=True)
    assert refused(ssm.get_parameters_by_path, Path=f"{root}/RESTORE_CONN_STRINGS")
    others = beside.deployment.of_type("aws:batch/jobQueue:JobQueue")
    definitions = beside.deployment.of_type("aws:batch/jobDefinition:JobDefinition")
    for queue in others:
        for definition in definitions:
            if "restore" not in queue.name or "restore" not in definition.name:
                call = {"jobQueue": queue.outputs["arn"], "jobName": "x"}
                arn = definition.outputs["arnPrefix"]
                assert refused(batch.submit_job, **call, jobDefinition=arn)
    assert refused(batch.describe_jobs, jobs=["x"])
    assert refused(batch.terminate_job, jobId="x", reason="no")
    for command in (("run", "large"), ("verify", "large"), ("failures",), ("drill", "large")):
        assert beside.run_cli(*command, env=me).code == 8
