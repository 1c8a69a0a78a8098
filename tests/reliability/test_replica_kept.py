"""A second bucket that locks its copies, one of another account's program, and who looks there."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.watcher import handler
from local.deployment.deploy import deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.verbs import copies
from tests.support.backups import store_whole
from tests.support.databases import AT
from tests.support.events import SCHEDULED, Context
from tests.support.recorder import ROOT
from tests.support.replicas import THERE, keys, replica_of, replicated
from tests.support.rights import Rights, without_a_part

pytestmark = pytest.mark.long


def test_a_locked_copy_is_deleted_by_nobody_before_its_days_are_over(
    cloud: Cloud, server: Callable[[int], Any], tmp_path: Path
) -> None:
    setting = json.dumps({"region": THERE, "lock": {"mode": "compliance", "days": 2}})
    kept = {"setting": setting, "deleteBackupsOnDestroy": "false"}
    with replicated(cloud, tmp_path, server, "lockedcopy", **kept) as stage:
        made = store_whole(stage.vault, AT)
        replica = replica_of(stage)
        s3 = cloud.client("s3", THERE)
        (version,) = s3.list_object_versions(Bucket=replica.bucket, Prefix=made.dump_key)[
            "Versions"
        ]
        until = replica.locked_until(made.dump_key)
        assert until
        assert until - datetime.now(UTC) > timedelta(days=1, hours=23)
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(
                Bucket=replica.bucket, Key=made.dump_key, VersionId=version["VersionId"]
            )
        assert stage.vault.locked_until(made.dump_key) is None
        stage.deployment.destroy()
        assert made.dump_key in keys(replica)


def test_the_bucket_of_the_other_program_is_the_one_that_the_stage_copies_into(
    cloud: Cloud, server: Callable[[int], Any], tmp_path: Path
) -> None:
    """Both in the one account that the embedded cloud has; its policy is judged all the same."""
    config = {"stage": "abroad", "account": cloud.account, "days": "30"}
    with LambdaHost(cloud, tmp_path / "other") as host:
        other = deploy(cloud, host, ROOT / "replica", "abroad", config)
    setting = json.dumps({"region": cloud.region, "accountId": cloud.account})
    with replicated(cloud, tmp_path / "own", server, "abroad", setting) as stage:
        assert stage.service.replica_bucket == other.outputs["bucket"]
        made = store_whole(stage.vault, AT)
        assert keys(replica_of(stage)) == [made.key, made.dump_key]
        assert stage.run_cli("list", "orders", "--from", "replica").code == 0
        stage.deployment.destroy()
    assert made.dump_key in [
        each["Key"]
        for each in cloud.client("s3").list_objects_v2(Bucket=other.outputs["bucket"])["Contents"]
    ]


def test_the_watchers_role_may_look_there_and_says_when_it_may_not(
    cloud: Cloud,
    server: Callable[[int], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with replicated(cloud, tmp_path, server, "lookscopies") as stage:
        name = stage.deployment.outputs["watcher"]
        (function,) = [
            one
            for one in stage.deployment.of_type("aws:lambda/function:Function")
            if one.identifier == name
        ]
        for variable, value in {
            **cloud.place(),
            **function.inputs["environment"]["variables"],
            **cloud.credentials(f"arn:aws:iam::{cloud.account}:role/{name}", "watcher"),
        }.items():
            monkeypatch.setenv(variable, value)
        # What came just now is due at once.
        monkeypatch.setattr(copies, "ALLOWED", timedelta(0))
        store_whole(stage.vault, AT)

        def look() -> dict[str, Any]:
            monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
            handler(SCHEDULED, Context())
            lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            return {str(line.get("message")): line for line in lines}

        assert look()["replica.watched"]["behind"] == 0
        rights = Rights(cloud, name)
        (listing,) = [
            each
            for each in without_a_part(rights.statements)
            if each.actions == ("s3:ListBucket",) and "replica-" in each.resources[0]
        ]
        with rights.weakened(listing):
            told = look()
        assert "AccessDenied" in told["replica.failed"]["reason"]
        assert "replica.watched" not in told
        stage.deployment.destroy()
