"""A second bucket on the real engine: switched on, changed by nothing, kept when taken out."""

from dataclasses import dataclass

import pytest

from local.emulator.cloud import Cloud
from tests.support.pulumi import installation
from tests.support.pulumi.provider import Call
from tests.support.pulumi.workspace import Ran, Workspace
from tests.support.recorder import SECRETS

installation.need()

pytestmark = pytest.mark.long


@dataclass
class Step:
    """What a command wrote, and what it called."""

    ran: Ran
    calls: list[Call]

    def made(self, verb: str, part: str = "repl") -> list[str]:
        return sorted(call.name for call in self.calls if call.verb == verb and part in call.name)


class Life:
    """A stage that has a second bucket for a while."""

    def __init__(self, workspace: Workspace, cloud: Cloud) -> None:
        stack = workspace.stack("copies", **SECRETS)
        s3 = cloud.client("s3")

        def up(*arguments: str) -> Step:
            workspace.provider.take_calls()
            return Step(stack.up(*arguments), workspace.provider.take_calls())

        def put(key: str) -> None:
            s3.put_object(Bucket=stack.outputs()["bucket"], Key=key, Body=b"a")

        def copies() -> list[str]:
            found = s3.list_objects_v2(Bucket=self.replica).get("Contents", ())
            return [each["Key"] for each in found]

        self.without = up()
        put("before")
        stack.run("config", "set", "--path", "replica.region", stack.region).must_be_good()
        self.refused = stack.run("preview")
        stack.run("config", "set", "--path", "replica.region", "eu-west-1").must_be_good()
        stack.run("config", "set", "--path", "replica.days", "30").must_be_good()
        self.preview = stack.run("preview")
        self.on = up()
        (self.replica,) = [
            each["Name"]
            for each in s3.list_buckets()["Buckets"]
            if each["Name"].startswith("replica-snapper-copies-")
        ]
        put("after")
        self.copied = copies()
        self.again = up("--refresh", "--expect-no-changes")
        stack.run("config", "set", "--path", "replica.days", "60").must_be_good()
        self.longer = up()
        stack.unset("replica")
        self.off = up()
        put("later")
        self.kept = copies()
        self.destroyed = stack.destroy()
        self.left = [each["Name"] for each in s3.list_buckets()["Buckets"]]


@pytest.fixture(scope="session")
def life(workspace: Workspace, cloud: Cloud) -> Life:
    return Life(workspace, cloud)


def test_the_stages_own_region_is_refused_at_the_preview(life: Life) -> None:
    assert life.refused.code != 0
    assert "the stage's own: name another one" in life.refused.text


def test_its_price_is_told_at_the_preview(life: Life) -> None:
    life.preview.must_be_good()
    assert "$0.023 a month for each GB" in life.preview.text
    assert "stays there for 30 days" in life.preview.text


def test_it_is_made_without_a_change_of_the_first(life: Life) -> None:
    life.on.ran.must_be_good()
    assert "snapper-replication-replica-bucket" in life.on.made("create")
    assert life.on.made("update", "snapper-vault") == []
    assert life.on.made("delete", "") == []
    assert life.copied == ["after"]


def test_a_refresh_finds_nothing_to_change(life: Life) -> None:
    life.again.ran.must_be_good()
    assert life.again.made("create", "") == life.again.made("update", "") == []


def test_another_number_of_days_changes_the_rule_alone(life: Life) -> None:
    assert life.longer.made("update", "") == ["snapper-replication-replica-lifecycle"]


def test_without_the_setting_nothing_is_copied_and_the_copies_stay(life: Life) -> None:
    life.off.ran.must_be_good()
    assert "snapper-replication-config" in life.off.made("delete")
    assert not [each for each in life.off.made("delete") if "replication-replica" in each]
    assert life.kept == ["after"]


def test_destroying_keeps_both(life: Life) -> None:
    life.destroyed.must_be_good()
    assert life.replica in life.left
