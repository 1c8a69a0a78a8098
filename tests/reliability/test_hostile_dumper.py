"""Somebody has the credentials of the deployed dumper or pruner, and means the old backups harm.

On the deployed stage, by S3's own API and with the roles' own credentials. What is left to whoever
steals a role is in docs/security.md.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from snapper.aws.policies import Rights, policy
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.pin import pin_key
from tests.support.backed_up import backed_up
from tests.support.cloud import refused
from tests.support.faults import faulted
from tests.support.stage import StageUnderTest, wait_until

FAMILY = "hostile writers: a stolen role against an old backup"
ONCE = {"IfNoneMatch": "*"}
Thief = Callable[[str], Any]
_NUMBERS = itertools.count(1)


@pytest.fixture
def thief(stage: StageUnderTest) -> Thief:
    """Give an S3 client of whoever has the credentials of a function."""

    def steal(part: str) -> Any:
        name = stage.deployment.outputs[part]
        role = stage.cloud.client("iam").get_role(RoleName=name)["Role"]
        return stage.cloud.client_as("s3", role["Arn"])

    return steal


@pytest.fixture
def made(stage: StageUnderTest) -> Iterator[Manifest]:
    # Of a name of its own: what the bucket keeps of earlier ones is a history.
    with backed_up(stage, f"prey{next(_NUMBERS)}") as (_, manifest):
        yield manifest


def of(stage: StageUnderTest, key: str) -> dict[str, str]:
    return {"Bucket": stage.vault.bucket, "Key": key}


def objects(stage: StageUnderTest, made: Manifest) -> dict[str, bytes]:
    found = stage.vault.list(f"{made.database}/")
    return {each.key: stage.vault.read(each.key) for each in found}


def by_parts(s3: Any, where: dict[str, str], **condition: str) -> None:
    """Put an object by an upload of parts."""
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"forged")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**upload, MultipartUpload=parts, **condition)


def test_a_stolen_dumper_replaces_no_backup(
    stage: StageUnderTest, thief: Thief, made: Manifest
) -> None:
    s3, before = thief("dumper"), objects(stage, made)
    for key in (made.dump_key, made.key):
        with faulted(FAMILY):
            assert refused(s3.put_object, **of(stage, key), Body=b"forged")
        with faulted(FAMILY), pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(**of(stage, key), Body=b"forged", **ONCE)
    with faulted(FAMILY):
        assert refused(by_parts, s3=s3, where=of(stage, made.dump_key))
    with faulted(FAMILY), pytest.raises(ClientError, match="PreconditionFailed"):
        by_parts(s3, of(stage, made.dump_key), **ONCE)
    assert objects(stage, made) == before


def test_a_stolen_dumper_deletes_nothing_and_so_puts_nothing_in_its_place(
    stage: StageUnderTest, thief: Thief, made: Manifest
) -> None:
    s3, before = thief("dumper"), objects(stage, made)
    for key in before:
        with faulted(FAMILY):
            assert refused(s3.delete_object, **of(stage, key))
            assert refused(s3.delete_object, **of(stage, key), VersionId="null")
    assert objects(stage, made) == before


def test_a_stolen_dumper_says_of_no_backup_that_it_is_damaged_or_proven(
    stage: StageUnderTest, thief: Thief, made: Manifest
) -> None:
    s3 = thief("dumper")
    for kind in (Kind.DAMAGED, Kind.VERIFICATION):
        with faulted(FAMILY):
            key = object_key(made.database, made.scheduled_at, kind)
            assert refused(s3.put_object, **of(stage, key), Body=b"{}", **ONCE)
    with faulted(FAMILY):
        trial = of(stage, f"{made.database}/last-trial.verification.json")
        assert refused(s3.put_object, **trial, Body=b"{}", **ONCE)
    (listed,) = stage.run_cli("list", made.database, "--json").document["databases"][made.database]
    assert listed["verification"] is None


def test_a_stolen_role_reads_no_backup(stage: StageUnderTest, thief: Thief, made: Manifest) -> None:
    for part in ("dumper", "pruner"):
        for key in (made.dump_key, made.key):
            with faulted(FAMILY):
                assert refused(thief(part).get_object, **of(stage, key))


def test_a_stolen_pruner_writes_nothing_and_what_it_deletes_can_be_got_back(
    stage: StageUnderTest, thief: Thief, made: Manifest
) -> None:
    s3, before = thief("pruner"), objects(stage, made)
    with faulted(FAMILY):
        later = object_key(made.database, datetime.now(UTC), Kind.DUMP)
        assert refused(s3.put_object, **of(stage, later), Body=b"forged", **ONCE)
    with faulted(FAMILY):
        s3.delete_object(**of(stage, made.dump_key))
        assert refused(s3.list_object_versions, Bucket=stage.vault.bucket)
        root = stage.cloud.client("s3")
        found = root.list_object_versions(Bucket=stage.vault.bucket, Prefix=made.dump_key)
        (version,), (marker,) = found["Versions"], found["DeleteMarkers"]
        for number in (version["VersionId"], marker["VersionId"]):
            where = of(stage, made.dump_key)
            assert refused(s3.delete_object, **where, VersionId=number)
        root.delete_object(**of(stage, made.dump_key), VersionId=marker["VersionId"])
    assert objects(stage, made) == before


@pytest.mark.parametrize("part", ["dumper", "pruner", "prover"])
def test_a_stolen_role_pins_nothing_and_lets_nothing_go_that_is_pinned_without_an_end(
    stage: StageUnderTest, thief: Thief, made: Manifest, part: str
) -> None:
    """Else whoever steals one could keep what costs, or have the pruner delete what shall stay."""
    s3, at = thief(part), made.scheduled_at
    assert stage.run_cli("keep", made.database).code == 0
    with faulted(FAMILY):
        assert refused(s3.delete_object, **of(stage, pin_key(made.database, at)))
    for key in (pin_key(made.database, at), pin_key(made.database, at, datetime.now(UTC))):
        with faulted(FAMILY):
            assert refused(s3.put_object, **of(stage, key), Body=b"{}", **ONCE)


def test_an_operator_replaces_no_backup_either(stage: StageUnderTest, made: Manifest) -> None:
    """Whatever else allows it: an administrator deletes first, and verify tells of it."""
    everything = policy(stage.service, Rights.OPERATE)
    everything["Statement"] += [
        {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{stage.vault.bucket}/*"}
    ]
    me = stage.cloud.client_with("s3", {
        name: value for name, value in stage.as_role(everything).items()
        if name in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    })  # fmt: skip
    assert stage.run_cli("keep", made.database).code == 0
    for key in (made.key, pin_key(made.database, made.scheduled_at)):
        with faulted(FAMILY):
            assert refused(me.put_object, **of(stage, key), Body=b"forged")


def test_a_manifest_that_somebody_wrote_again_is_found_by_verify(
    stage: StageUnderTest, made: Manifest
) -> None:
    """As it was possible before there was a bucket policy, and is to whoever may delete."""
    assert stage.run_cli("verify", made.database).code == 0
    text = stage.vault.read(made.key)
    stage.vault.delete(made.key)
    stage.vault.put(made.key, text)
    # The times of this one are those of a moment ago; that it was begun before the deletion tells.
    with faulted(FAMILY):
        ran = stage.run_cli("verify", made.database, "--json")
        (found,) = ran.document["backups"]
        fresh = "an earlier backup of this time was deleted at"
        told = found["history"]["fault"] or found["history"]["remark"]
        assert fresh in told or "written again" in told
    stage.vault.put(made.key, text.replace(b'"version"', b' "version"'))
    with faulted(FAMILY):
        ran = stage.run_cli("verify", made.database)
        assert ran.code == 4
        assert "NOT AS IT WAS MADE: its manifest was written a second time at 20" in ran.out


def test_a_manifest_calls_the_pruner_and_nothing_but_the_count_decides(
    stage: StageUnderTest, thief: Thief, made: Manifest
) -> None:
    """What a thief makes beside the others is counted, as it always was; other folders are not."""
    s3, pruner = thief("dumper"), stage.deployment.outputs["pruner"]
    before = objects(stage, made)

    def skipped() -> int:
        return "\n".join(stage.host.logs(pruner)).count('"prune.skipped"')

    earlier = skipped()
    with stage.pruning(), faulted(FAMILY):
        for folder in ("nobody", f"{made.database}2", "pre"):
            key = object_key(folder, made.scheduled_at, Kind.MANIFEST)
            s3.put_object(**of(stage, key), Body=b"{}", **ONCE)
        wait_until(lambda: skipped() >= earlier + 3)
    assert objects(stage, made) == before
    for folder in ("nobody", f"{made.database}2", "pre"):
        stage.forget(folder)
