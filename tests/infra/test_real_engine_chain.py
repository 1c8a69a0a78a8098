"""A stage that signs, on Pulumi's real engine: switched on, and off, and on again."""

import pytest

from local.emulator.cloud import Cloud
from tests.support.pulumi import installation
from tests.support.pulumi.workspace import Workspace
from tests.support.recorder import SECRETS

installation.need()

pytestmark = pytest.mark.long

KEY = "aws:kms/key:Key"


def test_each_time_that_it_begins_to_sign_it_has_a_new_key_and_keeps_the_old_one(
    workspace: Workspace, cloud: Cloud
) -> None:
    stack = workspace.stack("signs", **SECRETS)
    stack.up().must_be_good()
    workspace.provider.take_calls()

    def switch(on: str) -> list[str]:
        stack.set(tamperEvident=on)
        stack.run("preview").must_be_good()
        stack.up().must_be_good()
        calls = workspace.provider.take_calls()
        assert {call.verb for call in calls if call.type == KEY} <= {"create"}
        return [call.type for call in calls if call.verb == "create"]

    assert switch("true") == [KEY, "aws:ssm/parameter:Parameter"]
    stack.up("--refresh", "--expect-no-changes").must_be_good()
    assert workspace.provider.take_calls() == []
    assert switch("false") == []
    assert switch("true") == [KEY, "aws:ssm/parameter:Parameter"]
    stack.destroy().must_be_good()
    found = cloud.client("ssm").get_parameters_by_path(Path="/snapper/signs", Recursive=True)
    trusted = {each["Name"]: each["Value"] for each in found["Parameters"]}
    assert len(trusted) == 2
    for name, arn in trusted.items():
        assert name == f"/snapper/signs/CHAIN_KEYS/{arn.rpartition('/')[2]}"
        assert cloud.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["Enabled"]


def test_with_a_bucket_that_goes_the_key_goes_in_thirty_days(
    workspace: Workspace, cloud: Cloud
) -> None:
    stack = workspace.stack(
        "signed", **SECRETS, tamperEvident="true", deleteBackupsOnDestroy="true"
    )
    stack.up().must_be_good()
    found = cloud.client("ssm").get_parameters_by_path(Path="/snapper/signed/CHAIN_KEYS")
    (arn,) = [each["Value"] for each in found["Parameters"]]
    stack.destroy().must_be_good()
    key = cloud.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
    assert key["KeyState"] == "PendingDeletion"
