"""The program on Pulumi's real engine: a stage from its first preview until it is destroyed.

The story is told once, and its tests judge what was seen. Where the engine is not installed they
are skipped; see CONTRIBUTING.md.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from local.emulator.cloud import Cloud
from tests.support.canary import CANARY, Search
from tests.support.deployments import make_boundary
from tests.support.pulumi import installation
from tests.support.pulumi.provider import Call
from tests.support.pulumi.wire import UNKNOWN
from tests.support.pulumi.workspace import Ran, Workspace

installation.need()

CONNECTION = f"postgresql://reader:{quote(CANARY, safe='')}@nowhere.invalid/nothing"
SECRETS = {
    "DATABASE_CONN_STRINGS": f"orders,{CONNECTION},POSTGRES|people,{CONNECTION},POSTGRES",
    "BACKUP_STORAGE_DATA": "orders,2|people,3",
}
# Too long to share a parameter: a resource of its own.
LONG = f"{CONNECTION}?application_name={'x' * 1100}"
# Of the stage `real`. Joined by hyphens it is `orders` of the stage `real-beside`.
CLASHING = "beside-orders"
PARAMETER = "aws:ssm/parameter:Parameter"

# Before the first `up`, what AWS has yet to make up: addresses, and what is written with them.
ADDRESSES = frozenset(
    {
        *("arn", "bucket", "queueUrl", "role", "layers", "topic"),
        *(
            "lambdaFunctions",
            "sourceAccount",
            "eventSourceArn",
            "sourceArn",
            "alarmActions",
            "okActions",
            "destinationConfig",
        ),
        *("policy", "redrivePolicy", "redriveAllowPolicy", "environment"),
    }
)


@dataclass
class Step:
    """One thing done to a stage: what the command wrote, and what it called."""

    ran: Ran
    calls: list[Call]

    def types(self, verb: str) -> list[str]:
        """Give the last word of the types of all that were made, changed or removed."""
        return sorted(call.type.split(":")[-1] for call in self.calls if call.verb == verb)


class Life:
    """The life of a stage, from the first preview until it is destroyed."""

    def __init__(self, workspace: Workspace, cloud: Cloud) -> None:
        self.workspace, self.cloud = workspace, cloud
        self.stack = stack = workspace.stack("real", **SECRETS, alarmEmail="a@example.com")
        self.first_preview = stack.steps()
        workspace.provider.take_calls()  # of whoever was here before
        self.made = self.up()
        self.outputs = stack.outputs()
        self.again = self.up("--expect-no-changes")
        stack.set(permissionsBoundary=make_boundary(cloud, "real"))
        self.bounded = self.up()
        self.still_bounded = self.up("--expect-no-changes")
        stack.set(BACKUP_STORAGE_DATA="orders,2|people,4")
        self.one_count = self.up()
        stack.set(schedule="rate(2 hours)")
        self.preview_of_schedule = stack.steps()
        self.schedule = self.up()
        for option, value in (("schedule", "rate(1 hour)"), ("timeout", "600")):
            place = ("--plaintext", "--path", f"databases.orders.{option}", value)
            stack.run("config", "set", *place).must_be_good()
        self.optional = self.up()
        stack.unset("databases")
        self.without = self.up()
        stack.set(
            DATABASE_CONN_STRINGS=SECRETS["DATABASE_CONN_STRINGS"].replace(
                "nowhere", "elsewhere", 1
            )
        )
        self.diff_of_connection = stack.run("preview", "--diff")
        stack.set(
            DATABASE_CONN_STRINGS=f"{SECRETS['DATABASE_CONN_STRINGS']}|{CLASHING},{LONG},POSTGRES",
            BACKUP_STORAGE_DATA=f"orders,2|people,4|{CLASHING},1",
        )
        workspace.provider.fail_next = PARAMETER
        self.failed = self.up()
        stack.set(dumperMemroy="4096", architecture="m68k")
        self.refused = Step(stack.run("preview"), workspace.provider.take_calls())
        stack.unset("dumperMemroy", "architecture")
        self.fixed = self.up()
        beside = workspace.stack("real-beside", **SECRETS, deleteBackupsOnDestroy="true")
        self.beside = Step(beside.up(), workspace.provider.take_calls())
        bucket = beside.outputs()["bucket"]
        cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"a")
        self.beside_destroyed = Step(beside.destroy(), workspace.provider.take_calls())
        self.alarms_left = {
            alarm["AlarmName"]
            for page in cloud.client("cloudwatch").get_paginator("describe_alarms").paginate()
            for alarm in page["MetricAlarms"]
        }
        self.untouched = self.up("--refresh", "--expect-no-changes")
        self.destroyed = Step(stack.destroy(), workspace.provider.take_calls())

    def up(self, *arguments: str) -> Step:
        return Step(self.stack.up(*arguments), self.workspace.provider.take_calls())


@pytest.fixture(scope="session")
def life(workspace: Workspace, cloud: Cloud) -> Life:
    return Life(workspace, cloud)


def unknown(step: dict[str, Any]) -> set[str]:
    """The inputs of a planned step that nobody knows yet."""
    inputs = step.get("newState", {}).get("inputs", {})
    return {key for key, value in inputs.items() if UNKNOWN in json.dumps(value)}


def test_before_the_first_up_only_addresses_are_unknown(life: Life) -> None:
    assert {key for step in life.first_preview for key in unknown(step)} <= ADDRESSES
    named = {step["urn"] for step in life.first_preview if step["op"] == "create"}
    assert len(named) == len(life.first_preview)


def test_the_first_up_makes_every_resource_once(life: Life) -> None:
    assert life.made.ran.code == 0
    assert len(set(life.made.calls)) == len(life.made.calls)
    assert {call.verb for call in life.made.calls} == {"create"}
    planned = [step for step in life.first_preview if step["urn"].split("$")[-1].startswith("aws:")]
    assert len(life.made.calls) == len(planned)


def test_a_second_up_changes_nothing(life: Life) -> None:
    assert (life.again.ran.code, life.again.calls) == (0, [])


def test_a_boundary_that_is_set_later_changes_the_roles_alone(life: Life) -> None:
    changed = {(call.verb, call.type, call.keys) for call in life.bounded.calls}
    assert changed == {("update", "aws:iam/role:Role", ("permissionsBoundary",))}
    assert (life.still_bounded.ran.code, life.still_bounded.calls) == (0, [])


def test_another_count_of_one_database_is_one_call(life: Life) -> None:
    assert [(call.verb, call.type, call.keys) for call in life.one_count.calls] == [
        ("update", PARAMETER, ("value",))
    ]


def test_another_schedule_is_a_rule_its_signpost_and_the_watcher_that_follows_it(
    life: Life,
) -> None:
    life.schedule.ran.must_be_good()
    assert life.schedule.types("update") == ["EventRule", "Function", "Parameter"]
    assert {call.verb for call in life.schedule.calls} == {"update"}


def test_options_of_one_database_are_a_rule_and_a_parameter_more_until_they_are_gone(
    life: Life,
) -> None:
    more = ["EventRule", "EventTarget", "Parameter", "Permission"]
    assert life.optional.types("create") == more
    assert life.optional.types("update") == ["Parameter"]
    assert life.without.types("delete") == more
    assert life.without.types("update") == ["Parameter"]


def test_once_the_stage_is_there_a_preview_knows_everything(life: Life) -> None:
    assert not [step["urn"] for step in life.preview_of_schedule if unknown(step)]


def test_an_up_that_fails_says_what_could_not_be_made(life: Life) -> None:
    assert life.failed.ran.code != 0
    assert "made to fail once" in life.failed.ran.text


def test_an_up_that_fails_shows_no_trace_of_ours(life: Life) -> None:
    assert "Traceback" not in life.failed.ran.text
    assert "KeyboardInterrupt" not in life.failed.ran.text


def test_refused_settings_are_shown_all_at_once_and_once(life: Life) -> None:
    shown = life.refused.ran.text.partition("Diagnostics:")[2]
    assert shown.count("error:") == 1
    assert shown.count("dumperMemroy is not a setting: did you mean dumperMemory?") == 1
    assert shown.count("architecture is m68k, must be arm64 or x86_64") == 1
    assert "Traceback" not in life.refused.ran.text
    assert (life.refused.ran.code != 0, life.refused.calls) == (True, [])


def test_the_up_after_it_makes_what_was_missing(life: Life) -> None:
    assert life.fixed.ran.code == 0
    made = [
        call.name for step in (life.failed, life.fixed) for call in step.calls if not call.error
    ]
    assert len(made) == len(set(made))
    assert [name for name in made if CLASHING in name]


def test_another_stage_comes_and_goes_beside_it(life: Life) -> None:
    assert life.beside.ran.code == life.beside_destroyed.ran.code == 0
    assert {call.verb for call in life.beside.calls} == {"create"}
    assert len(life.beside_destroyed.calls) == len(life.beside.calls)
    assert (life.untouched.ran.code, life.untouched.calls) == (0, [])


def test_the_other_stage_takes_no_alarm_away(life: Life) -> None:
    assert "snapper-real-late" in life.alarms_left
    assert not [name for name in life.alarms_left if name.startswith("snapper-real-beside")]


def test_backups_go_with_a_stage_that_says_so(life: Life) -> None:
    assert "Bucket" in life.beside_destroyed.types("delete")


def test_the_bucket_stays_after_destroy_with_what_protects_it(life: Life) -> None:
    assert life.destroyed.ran.code == 0
    gone = [name for name in life.destroyed.types("delete") if name.startswith("Bucket")]
    assert gone == ["BucketNotification"], "it would call a function that is gone"
    s3, bucket = life.cloud.client("s3"), life.outputs["bucket"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=bucket)


def test_everything_else_is_destroyed(life: Life) -> None:
    made = {
        (call.type, call.name)
        for step in vars(life).values()
        if isinstance(step, Step)
        for call in step.calls
        if call.verb == "create" and not call.error
    }
    removed = (*life.without.calls, *life.destroyed.calls)
    gone = {(call.type, call.name) for call in removed if call.verb == "delete"}
    assert {kind for kind, _ in made - gone if "s3/" not in kind} == set()


def test_no_password_is_in_output_state_settings_or_calls(life: Life) -> None:
    search = Search()
    for ran in life.workspace.ran:
        search.text("output", ran.text)
    for step in vars(life).values():
        search.text("calls", repr(step))
    search.directory(life.workspace.directory)
    assert search.files > 20
    assert search.found == []
    assert "[secret]" in life.diff_of_connection.text
