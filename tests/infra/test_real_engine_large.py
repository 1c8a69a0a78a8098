"""Containers for large databases on the real engine: switched on, changed by nothing, and off."""

from dataclasses import dataclass

import pytest

from local.emulator.cloud import Cloud
from tests.support.pulumi import installation
from tests.support.pulumi.provider import Call
from tests.support.pulumi.workspace import Ran, Workspace
from tests.support.recorder import SECRETS

installation.need()

pytestmark = pytest.mark.long
PASSWORD = "tg-7f31c0de"
KINDS = ("ComputeEnvironment", "JobQueue", "JobDefinition", "SecurityGroup")


@dataclass
class Step:
    """What a command wrote, and what it called."""

    ran: Ran
    calls: list[Call]

    def made(self, verb: str) -> list[str]:
        return sorted(call.type.split(":")[-1] for call in self.calls if call.verb == verb)


class Life:
    """A stage that has containers for a while."""

    def __init__(self, workspace: Workspace) -> None:
        stack = workspace.stack("large", **SECRETS, deleteBackupsOnDestroy="true")
        workspace.provider.take_calls()

        def up(*arguments: str) -> Step:
            return Step(stack.up(*arguments), workspace.provider.take_calls())

        self.without = up()
        stack.set(largeDatabases="true")
        self.preview = stack.run("preview")
        self.on = up()
        self.again = up("--refresh", "--expect-no-changes")
        stack.set(maxConcurrency="5")
        self.wider = up()
        stack.set(largeDatabases="false")
        self.off = up()
        stack.set(largeDatabases="true")
        self.on_again = up()
        stack.set(
            RESTORE_CONN_STRINGS=f"COPY,postgresql://app:{PASSWORD}@db.example.com/copy,POSTGRES"
        )
        self.with_targets = up()
        self.with_targets_again = up("--refresh", "--expect-no-changes")
        self.state = stack.run("stack", "export").text
        self.destroyed = Step(stack.destroy(), workspace.provider.take_calls())


@pytest.fixture(scope="module")
def life(workspace: Workspace) -> Life:
    return Life(workspace)


def test_switched_on_it_makes_each_part_for_dumps_and_for_drills_and_a_second_up_changes_nothing(
    life: Life,
) -> None:
    assert life.preview.code == 0, life.preview.text
    assert life.on.ran.code == 0, life.on.ran.text
    made = life.on.made("create")
    assert [made.count(kind) for kind in KINDS] == [2] * len(KINDS)
    assert "Function" not in made
    assert (life.again.ran.code, life.again.calls) == (0, [])


def test_more_at_once_is_a_wider_environment_and_no_new_one(life: Life) -> None:
    assert life.wider.ran.code == 0, life.wider.ran.text
    assert life.wider.made("update") == ["ComputeEnvironment", "EventSourceMapping"]
    assert {call.verb for call in life.wider.calls} == {"update"}


def test_a_target_adds_containers_that_restore_and_is_in_clear_nowhere(life: Life) -> None:
    assert life.with_targets.ran.code == 0, life.with_targets.ran.text
    made = life.with_targets.made("create")
    assert [made.count(kind) for kind in (*KINDS, "Parameter")] == [1] * (len(KINDS) + 1)
    assert "Function" not in made
    assert (life.with_targets_again.ran.code, life.with_targets_again.calls) == (0, [])
    assert "RESTORE_CONN_STRINGS/COPY" in life.state
    assert PASSWORD not in life.state + life.with_targets.ran.text


def test_switched_off_and_destroyed_it_goes_in_order(life: Life, cloud: Cloud) -> None:
    for step, kinds in ((life.off, 2), (life.destroyed, 3)):
        assert step.ran.code == 0, step.ran.text
        gone = step.made("delete")
        assert [gone.count(kind) for kind in KINDS] == [kinds] * len(KINDS)
    batch = cloud.client("batch")
    queues = batch.describe_job_queues()["jobQueues"]
    assert not [one for one in queues if one["jobQueueName"].startswith("snapper-large-")]
    buckets = [one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"]]
    assert not [name for name in buckets if "snapper-large-" in name]
