"""A lock in the way of every delete: pruning ends well, says until when what stays stays, and the
cloud refuses whoever would delete it for good.

The bucket is the embedded cloud's, which enforces locks as S3 does.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.vault import Vault
from snapper.errors import AwsFailed
from snapper.values.finding import Level
from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key
from snapper.values.object_lock import SUMMARIES, ObjectLock
from snapper.values.secrets import Database
from snapper.verbs.examine_lock import examine_lock
from snapper.verbs.orphans import sweep
from snapper.verbs.prune import prune
from snapper.verbs.summarize import summarize
from snapper.verbs.survey import survey
from tests.reliability.test_iam_deployer import POLICY, as_asked
from tests.support.backups import days, store
from tests.support.deployments import Deployer, bring_up, make_boundary
from tests.support.faults import tried
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys

FAMILY = "a lock in the way of a delete"
LOCK = ObjectLock("governance", 30)
_NUMBERS = itertools.count(1)


def locked_bucket(cloud: Cloud, mode: str) -> Vault:
    """A bucket that was there, and whose lock was set by a call, as the deployment sets it."""
    s3, name = cloud.client("s3"), f"locked-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(
        Bucket=name,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": mode, "Days": LOCK.days}},
        },
    )
    return Vault(name, s3)


@pytest.fixture(params=["GOVERNANCE", "COMPLIANCE"])
def locked(cloud: Cloud, request: pytest.FixtureRequest) -> Vault:
    return locked_bucket(cloud, request.param)


def versions(vault: Vault) -> Iterator[tuple[str, str]]:
    found: dict[str, Any] = vault._client.list_object_versions(Bucket=vault.bucket)
    yield from ((each["Key"], each["VersionId"]) for each in found["Versions"])


def orders(keep: int) -> Database:
    return Database("orders", "host=h", keep)


def test_pruning_ends_well_and_tells_until_when_each_stays(locked: Vault) -> None:
    for number in range(4):
        store(locked, days(number))
    before, events = set(versions(locked)), RecordedEvents()
    verdicts = prune(locked, orders(2), events, locked=True)
    gone = [each for each in verdicts if not each.keep]
    assert len(gone) == 2
    assert len(keys(locked)) == 4
    assert set(versions(locked)) == before
    soon = datetime.now(UTC) + timedelta(days=LOCK.days)
    for each in gone:
        assert each.locked_until
        assert soon - timedelta(hours=1) < each.locked_until <= soon
    told = [fields["locked_until"] for name, fields in events.reported if name == "backup.pruned"]
    assert sorted(told) == sorted(
        write_time(each.locked_until) for each in gone if each.locked_until
    )
    assert not [each for each in verdicts if each.keep and each.locked_until]


def test_pruning_once_more_finds_nothing_to_do(locked: Vault) -> None:
    for number in range(3):
        store(locked, days(number))
    prune(locked, orders(1), RecordedEvents(), locked=True)
    assert [each.keep for each in prune(locked, orders(1), RecordedEvents(), locked=True)] == [True]


def test_so_ends_the_sweep_of_what_a_stage_has_lost(locked: Vault) -> None:
    store(locked, days(1))
    (verdict,) = sweep(locked, "orders", dry_run=False, locked=True)
    assert verdict.locked_until
    assert not keys(locked)


def test_no_version_of_any_object_can_be_deleted(locked: Vault) -> None:
    """Tried as the account's root: no policy refuses it, S3 does."""
    store(locked, days(1))
    locked.put(object_key("orders", days(1), Kind.VERIFICATION), b"{}")
    prune(locked, orders(1), RecordedEvents(), locked=True)
    for key, version in versions(locked):
        with pytest.raises(ClientError, match="object lock"):
            locked._client.delete_object(Bucket=locked.bucket, Key=key, VersionId=version)
        tried(FAMILY, survived=True)


def test_of_compliance_no_right_lifts_it(cloud: Cloud) -> None:
    vault = locked_bucket(cloud, "COMPLIANCE")
    store(vault, days(1))
    key, version = next(versions(vault))
    with pytest.raises(ClientError, match="object lock"):
        vault._client.delete_object(
            Bucket=vault.bucket, Key=key, VersionId=version, BypassGovernanceRetention=True
        )


def test_that_nobody_says_until_when_is_no_failure(locked: Vault) -> None:
    class Mute(Vault):
        def locked_until(self, key: str) -> datetime | None:
            raise AwsFailed(f"s3:GetObjectRetention of {key} failed: InternalError")

    for number in range(2):
        store(locked, days(number))
    prune(Mute(locked.bucket, locked._client), orders(1), RecordedEvents(), locked=True)
    assert len(keys(locked)) == 2


def test_where_there_is_no_lock_none_is_told(vault: Vault) -> None:
    store(vault, days(1))
    assert vault.locked_until(object_key("orders", days(1), Kind.DUMP)) is None
    assert vault.default_lock() is None


def test_summaries_are_written_anew_every_hour_and_locked_for_a_day(locked: Vault) -> None:
    store(locked, days(1))
    found = survey(locked, ["orders"], lambda _, folder: folder.records, days(2))
    summarize(locked, found, RecordedEvents(), locked_for=SUMMARIES)
    (kept,) = [each.key for each in locked.list("_summary/")]
    until = locked.locked_until(kept)
    assert until
    assert until <= datetime.now(UTC) + SUMMARIES


def test_doctor_holds_the_rule_against_the_stages(locked: Vault, vault: Vault) -> None:
    rule = locked.default_lock()
    assert rule
    same = ObjectLock(rule[0].lower(), rule[1])
    assert examine_lock(locked, same).level is Level.OK
    for other in (ObjectLock(same.mode, 31), ObjectLock("compliance", 7)):
        finding = examine_lock(locked, other)
        assert finding.level is Level.FAILURE
        assert "for 30 days" in finding.fact
    assert "not at all" in examine_lock(vault, LOCK).fact


@pytest.mark.long
def test_who_deploys_it_by_the_policy_of_the_docs_lifts_no_lock_nor_does_the_pruner(
    cloud: Cloud, tmp_path: Path
) -> None:
    deployer = Deployer(cloud, "deployer-of-locks")
    deployer.may(*as_asked(POLICY))
    settings = {
        "objectLock": json.dumps({"mode": LOCK.mode, "days": LOCK.days}),
        "deleteBackupsOnDestroy": "false",
        "permissionsBoundary": make_boundary(cloud),
    }
    with LambdaHost(cloud, tmp_path) as host:
        deployed = bring_up(deployer, host, "locks", **settings)
        vault = Vault(deployed.outputs["bucket"], cloud.client("s3"))
        store(vault, days(1))
        pruner = cloud.client_as("s3", f"arn:aws:iam::{cloud.account}:role/snapper-locks-pruner")
        for key, version in versions(vault):
            for client in (deployer.client("s3"), pruner):
                with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
                    client.delete_object(Bucket=vault.bucket, Key=key, VersionId=version)
            pruner.delete_object(Bucket=vault.bucket, Key=key)
        assert vault.default_lock() == ("GOVERNANCE", LOCK.days)
        assert not keys(vault)
        deployed.destroy()
    deployer.stop()
    assert vault.default_lock() is None
    assert len(list(versions(vault))) == 2
