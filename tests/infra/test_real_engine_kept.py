"""What keeps backups is put on a living stage, changed and taken away; its bucket is not touched.

On Pulumi's real engine; the story is told once, and its tests judge what was seen.
"""

from typing import Any

import pytest

from local.emulator.cloud import Cloud
from tests.support.pulumi import installation
from tests.support.pulumi.provider import Call
from tests.support.pulumi.workspace import Ran, Workspace
from tests.support.recorder import SECRETS

installation.need()

OBJECT_LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"


class Story:
    """A stage that has a backup, and is then locked."""

    def __init__(self, workspace: Workspace, cloud: Cloud) -> None:
        self.s3 = cloud.client("s3")
        stack = workspace.stack("kept", **SECRETS)
        stack.up().must_be_good()
        self.bucket = stack.outputs()["bucket"]
        self.put("before")
        stack.set(kmsKey="create")
        self.preview_of_key = stack.run("preview")
        self.keyed = stack.change()
        self.still_keyed = stack.change("--expect-no-changes")
        self.key = self.encryption()["KMSMasterKeyID"]
        stack.unset("kmsKey")
        stack.set(kmsKeyArn=self.key)
        self.named = stack.change()
        self.state_of_key = self.describe(cloud)
        stack.unset("kmsKeyArn")
        self.unkeyed = stack.change()
        stack.set_at("objectLock.mode", "governance")
        self.halfway = stack.run("preview")
        stack.set_at("objectLock.days", "30")
        self.locked = stack.change()
        self.put("locked")
        self.again = stack.change("--expect-no-changes", "--refresh")
        stack.set_at("objectLock.days", "31")
        self.longer = stack.change()
        stack.unset("objectLock")
        self.free = stack.change()
        self.rule_when_free = self.rule()
        stack.set_at("objectLock.mode", "compliance")
        stack.set_at("objectLock.days", "2")
        stack.change()
        stack.set(deleteBackupsOnDestroy="true")
        self.refused = stack.run("preview")
        stack.unset("deleteBackupsOnDestroy")
        self.asked: Ran = stack.run("destroy", "--preview-only")
        self.outputs = stack.outputs()
        self.destroyed: Ran = stack.destroy()
        self.left = self.s3.list_object_versions(Bucket=self.bucket)["Versions"]

    def put(self, key: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"x")

    def encryption(self) -> Any:
        found = self.s3.get_bucket_encryption(Bucket=self.bucket)
        (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
        return rule["ApplyServerSideEncryptionByDefault"]

    def describe(self, cloud: Cloud) -> str:
        found = cloud.client("kms").describe_key(KeyId=self.key)["KeyMetadata"]
        return str(found["KeyState"])

    def rule(self) -> Any:
        found = self.s3.get_object_lock_configuration(Bucket=self.bucket)
        return found["ObjectLockConfiguration"].get("Rule")


@pytest.fixture(scope="session")
def story(workspace: Workspace, cloud: Cloud) -> Story:
    return Story(workspace, cloud)


def of(kind: str, calls: list[Call]) -> list[tuple[str, tuple[str, ...]]]:
    """What was done to the resources of a type."""
    return [(call.verb, call.keys) for call in calls if call.type == kind]


def test_a_key_is_made_and_all_is_encrypted_by_it_from_then_on(story: Story) -> None:
    story.preview_of_key.must_be_good()
    assert [verb for verb, _ in of("aws:kms/key:Key", story.keyed)] == ["create"]
    assert story.key.startswith("arn:aws:kms:")
    assert story.still_keyed == []


def test_named_as_ones_own_the_key_goes_on_and_nothing_is_encrypted_anew(story: Story) -> None:
    assert of("aws:kms/key:Key", story.named) == []
    assert of("aws:ssm/parameter:Parameter", story.named) == [("update", ("value",))]
    assert story.state_of_key == "Enabled"


def test_half_a_lock_is_refused_with_what_is_missing(story: Story) -> None:
    assert story.halfway.code != 0
    assert "objectLock.days is not set, must be a whole number" in story.halfway.text


def test_a_bucket_that_is_there_is_locked_from_then_on(story: Story) -> None:
    assert [verb for verb, _ in of(OBJECT_LOCK, story.locked)] == ["create"]
    assert story.again == []


def test_the_bucket_is_never_touched(story: Story) -> None:
    for calls in (story.keyed, story.named, story.unkeyed, story.locked, story.longer, story.free):
        assert of("aws:s3/bucket:Bucket", calls) == []


def test_the_days_are_changed_in_place(story: Story) -> None:
    assert of(OBJECT_LOCK, story.longer) == [("update", ("rule",))]


def test_without_the_setting_what_is_new_is_free_and_what_was_locked_stays_so(
    story: Story,
) -> None:
    assert [verb for verb, _ in of(OBJECT_LOCK, story.free)] == ["delete"]
    assert story.rule_when_free is None


def test_the_end_of_all_backups_is_refused_at_preview(story: Story) -> None:
    assert story.refused.code != 0
    assert "objectLock and deleteBackupsOnDestroy are both set" in story.refused.text


def test_destroying_says_beforehand_what_stays_and_keeps_it(story: Story) -> None:
    assert "snapper-vault-bucket delete[retain]" in story.asked.text
    assert "snapper-vault-object-lock delete " in story.asked.text
    assert "locked for 2 days (compliance) after it was made" in story.outputs["remains"]
    story.destroyed.must_be_good()
    assert {each["Key"] for each in story.left} == {"before", "locked"}
