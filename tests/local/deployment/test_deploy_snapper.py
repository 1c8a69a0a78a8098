"""The real program on the embedded cloud: deployed whole, it does its work with its own rights."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.deployment.deploy import DeployFailed, Deployment, deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.errors import SettingsError
from snapper.machine.children import ROOT
from tests.support.cloud import eventually, invoke
from tests.support.prepared import ARCHITECTURE

# pulumi_aws warns of its own deprecated names while it is imported, on first use of a service.
pytestmark = pytest.mark.filterwarnings("ignore:.* has been deprecated in favor of")

# Nobody listens there: the dumper can do all but dump.
NOWHERE = "postgresql://reader:hush@127.0.0.1:1/nothing"
SECRETS = {
    "DATABASE_CONN_STRINGS": f"orders,{NOWHERE},POSTGRES|people,{NOWHERE},POSTGRES",
    "BACKUP_STORAGE_DATA": "orders,2|people,3",
}
EVENT = {"source": "aws.events", "time": "2026-11-23T03:00:00Z"}


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


def up(cloud: Cloud, host: LambdaHost, stage: str, **settings: str) -> Deployment:
    """Deploy the program for this machine's processor."""
    config = {**SECRETS, "architecture": ARCHITECTURE, **settings}
    return deploy(cloud, host, ROOT, stage, config)


def left_of(cloud: Cloud, stage: str) -> list[str]:
    """What a stage has in the cloud."""
    prefix = f"snapper-{stage}-"
    found: list[Any] = [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    found += cloud.client("sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])
    found += [each["RoleName"] for each in cloud.client("iam").list_roles()["Roles"]]
    found += [each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]]
    found += [each["LayerName"] for each in cloud.client("lambda").list_layers()["Layers"]]
    found += [each["Name"] for each in cloud.client("events").list_rules()["Rules"]]
    found += [each["TopicArn"] for each in cloud.client("sns").list_topics()["Topics"]]
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    found += [each["logGroupName"] for each in groups]
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    found += [each["AlarmName"] for each in alarms]
    mine = sorted({name for name in found if prefix in name})
    pages = cloud.client("ssm").get_paginator("get_parameters_by_path")
    for page in pages.paginate(Path=f"/snapper/{stage}", Recursive=True):
        mine += [parameter["Name"] for parameter in page["Parameters"]]
    return mine


def called_by(cloud: Cloud, bucket: str) -> list[str]:
    """The functions that S3 calls for what is made in a bucket."""
    found = cloud.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return [each["LambdaFunctionArn"] for each in found.get("LambdaFunctionConfigurations", [])]


def test_the_whole_service_comes_and_goes(cloud: Cloud, host: LambdaHost) -> None:
    settings = {"alarmEmail": "a@example.com", "deleteBackupsOnDestroy": "true"}
    deployment = up(cloud, host, "whole", **settings)
    assert set(deployment.outputs) == {
        "bucket", "dead_letter_url", "dispatcher", "dumper", "prover", "pruner", "queue_url",
        "region", "schedule", "topic", "watcher",
    }  # fmt: skip
    assert left_of(cloud, "whole")
    cloud.client("s3").put_object(Bucket=deployment.outputs["bucket"], Key="a", Body=b"a")
    deployment.destroy()
    assert left_of(cloud, "whole") == []


def test_the_backups_outlive_the_service(cloud: Cloud, host: LambdaHost) -> None:
    deployment = up(cloud, host, "kept")
    bucket = deployment.outputs["bucket"]
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"a")
    deployment.destroy()
    assert left_of(cloud, "kept") == [bucket]
    assert called_by(cloud, bucket) == []
    assert cloud.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert cloud.client("s3").get_public_access_block(Bucket=bucket)


@pytest.mark.long
def test_a_kept_bucket_is_adopted_again_with_its_backups(cloud: Cloud, host: LambdaHost) -> None:
    first = up(cloud, host, "again")
    bucket = first.outputs["bucket"]
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"a")
    first.destroy()
    second = up(cloud, host, "again", bucket=bucket)
    assert second.outputs["bucket"] == bucket
    assert [each.rpartition(":")[2] for each in called_by(cloud, bucket)] == [
        "snapper-again-pruner"
    ]
    second.destroy()
    assert left_of(cloud, "again") == [bucket]
    third = up(cloud, host, "again", deleteBackupsOnDestroy="true")
    assert third.outputs["bucket"] != bucket
    third.destroy()
    assert cloud.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_bucket_that_is_not_there_is_not_made(cloud: Cloud, host: LambdaHost) -> None:
    with pytest.raises(DeployFailed, match="snapper-vault-bucket was not made"):
        up(cloud, host, "lost", bucket="nowhere-to-be-found")
    assert left_of(cloud, "lost") == []


@pytest.mark.long
def test_stages_live_side_by_side(cloud: Cloud, host: LambdaHost) -> None:
    one, other = up(cloud, host, "one"), up(cloud, host, "other")
    one.destroy()
    assert invoke(cloud, other.outputs["dispatcher"], EVENT) == {"queued": 2}
    other.destroy()


def test_settings_the_program_refuses_are_told_all_at_once(cloud: Cloud, host: LambdaHost) -> None:
    with pytest.raises(SettingsError) as told:
        up(cloud, host, "bad", architecture="m68k", BACKUP_STORAGE_DATA="orders,0")
    assert "m68k" in str(told.value)
    assert "people" in str(told.value)
    assert "hush" not in str(told.value)
    assert left_of(cloud, "bad") == []


@pytest.mark.long
def test_the_program_prints_nothing_of_its_own() -> None:
    # pytest listens to every log; without it Python prints what nobody listens to.
    source = "from tests.support.recorder import record; record()"
    ran = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("", "")


@pytest.mark.long
def test_the_schedules_event_becomes_jobs_that_the_dumper_takes(
    cloud: Cloud, host: LambdaHost
) -> None:
    deployment = up(cloud, host, "works")
    assert invoke(cloud, deployment.outputs["dispatcher"], EVENT) == {"queued": 2}
    dumper = deployment.outputs["dumper"]

    def failed() -> dict[str, str]:
        lines = [line for line in host.logs(dumper) if "dump.failed" in line]
        return {each["database"]: each["kind"] for each in map(json.loads, lines)}

    # As far as the unreachable server the way is free: every right up to there is enough.
    eventually(lambda: len(failed()) == 2)
    assert failed() == {"orders": "HostUnreachable", "people": "HostUnreachable"}
    assert "hush" not in "\n".join(host.logs(dumper))
    deployment.destroy()


@pytest.mark.long
def test_the_dumper_runs_the_packaged_code_and_no_other(
    cloud: Cloud, host: LambdaHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "snapper.py").write_text("raise SystemExit('the wrong one')")
    deployment = up(cloud, host, "packaged")
    assert invoke(cloud, deployment.outputs["dispatcher"], EVENT) == {"queued": 2}
    deployment.destroy()
