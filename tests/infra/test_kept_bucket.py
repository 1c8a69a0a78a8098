"""A bucket that destroying has kept is adopted again with its backups, on Pulumi's real engine.

The story is told once, and its tests judge what was seen.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.machine.children import ROOT
from tests.support.manifests import manifest
from tests.support.pulumi import installation
from tests.support.pulumi.provider import Call
from tests.support.pulumi.workspace import Workspace
from tests.support.recorder import SECRETS

installation.need()

THEIRS = {"paid by": "somebody else"}
ELSEWHERE = "somebody-elses-bucket"


class Story:
    """A stage destroyed and made again: with the bucket it had, then with a foreign one."""

    def __init__(self, workspace: Workspace, cloud: Cloud) -> None:
        self.provider, self.cloud, self.s3 = workspace.provider, cloud, cloud.client("s3")
        self.stack = stack = workspace.stack("adopts", **SECRETS)
        stack.up().must_be_good()
        self.bucket = stack.outputs()["bucket"]
        self.put_backup(self.bucket)
        stack.destroy().must_be_good()
        self.adopted = self.up(bucket=self.bucket)
        self.listed = self.list_backups()
        self.left_in = self.up()
        stack.unset("bucket")
        self.taken_out = self.up()

        self.s3.create_bucket(Bucket=ELSEWHERE)
        tags = [{"Key": key, "Value": value} for key, value in THEIRS.items()]
        self.s3.put_bucket_tagging(Bucket=ELSEWHERE, Tagging={"TagSet": tags})
        self.put_backup(ELSEWHERE)
        self.exchanged = self.up(bucket=ELSEWHERE)
        self.listed_elsewhere = self.list_backups()
        self.tags_at_first = self.tags(ELSEWHERE)
        stack.unset("bucket")
        self.settled = self.up(deleteBackupsOnDestroy="true")
        self.tags_in_the_end = self.tags(ELSEWHERE)
        stack.set(bucket="nowhere-to-be-found", deleteBackupsOnDestroy="false")
        self.missing = stack.run("preview")
        stack.unset("bucket")
        stack.destroy().must_be_good()
        self.left = [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]

    def up(self, **settings: str) -> list[Call]:
        """Deploy the stage once more, which must go well, and give the calls it took."""
        self.provider.take_calls()
        if settings:
            self.stack.set(**settings)
        self.stack.up().must_be_good()
        return self.provider.take_calls()

    def put_backup(self, bucket: str) -> None:
        made = manifest()
        self.s3.put_object(Bucket=bucket, Key=made.dump_key, Body=b"x" * made.backup_bytes)
        self.s3.put_object(Bucket=bucket, Key=made.key, Body=made.to_json().encode())

    def list_backups(self) -> list[dict[str, Any]]:
        """Give what `bin/snapper list` knows of the stage's backups."""
        ran = subprocess.run(
            [sys.executable, "-m", "snapper.cli", "list", "orders", "--json", "--stage", "adopts"],
            cwd=ROOT,
            env={**os.environ, **self.cloud.environment()},
            stdout=subprocess.PIPE,
            check=True,
        )
        backups: list[dict[str, Any]] = json.loads(ran.stdout)["databases"]["orders"]
        return backups

    def tags(self, bucket: str) -> dict[str, str]:
        found = self.s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in found}


@pytest.fixture(scope="session")
def story(workspace: Workspace, cloud: Cloud) -> Story:
    return Story(workspace, cloud)


def of_bucket(calls: list[Call]) -> list[tuple[str, tuple[str, ...]]]:
    """What was done to the bucket itself."""
    return [(call.verb, call.keys) for call in calls if call.type == "aws:s3/bucket:Bucket"]


def test_the_bucket_is_adopted_and_none_is_made(story: Story) -> None:
    assert of_bucket(story.adopted) == [("import", ())]


def test_its_old_backups_are_listed(story: Story) -> None:
    assert len(story.listed) == 1


def test_the_setting_may_stay(story: Story) -> None:
    assert story.left_in == []


def test_the_setting_may_go(story: Story) -> None:
    assert story.taken_out == []
    assert story.tags(story.bucket) == {"project": "snapper", "stage": "adopts"}


def test_a_foreign_bucket_takes_the_place_of_the_stages_own_which_is_kept(story: Story) -> None:
    assert of_bucket(story.exchanged) == [("import", ())]
    assert len(story.listed_elsewhere) == 1
    assert story.bucket in story.left


def test_a_foreign_bucket_keeps_its_tags_until_the_setting_goes(story: Story) -> None:
    assert story.tags_at_first == THEIRS
    assert of_bucket(story.settled) == [("update", ("forceDestroy", "tags"))]
    assert story.tags_in_the_end == {"project": "snapper", "stage": "adopts"}


def test_an_adopted_bucket_goes_with_a_stage_that_says_so(story: Story) -> None:
    assert ELSEWHERE not in story.left


def test_a_bucket_that_is_not_there_is_told_before_anything_is_done(story: Story) -> None:
    assert story.missing.code != 0
    assert "'nowhere-to-be-found' does not exist" in story.missing.text
