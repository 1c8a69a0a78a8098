"""No right is superfluous: without any one of them the pipeline fails, and says so.

Every statement, action and resource of the deployed roles is taken away, one at a time, and the
deployed functions do all their work: the dispatcher a run, the dumper a dump and one that breaks in
the middle of its upload and one that has to wait, the pruner a backup of every kind of object. What
the embedded cloud never asks for is named in `NOT_ASKED` with the reason, and asserted on what was
deployed. The optional rights, for a key and a network of the operator's own, are asserted in
tests/infra/test_functions.py: the embedded cloud has neither. What may be refused to the operator
and the deploying user is in the files beside.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, mark_key, object_key
from snapper.values.pin import pin_key
from snapper.values.retention import SMALLEST_DUMP
from snapper.values.settings import RETENTIONS
from tests.support.added import SOME
from tests.support.busy import busy
from tests.support.cloud import eventually, invoke
from tests.support.deployments import NOWHERE
from tests.support.events import delivery, made, record
from tests.support.faults import faulted
from tests.support.rights import Rights, Statement, Weakening, without_a_part, without_a_statement
from tests.support.stage import NAME, StageUnderTest
from tests.support.vaults import keys

FAMILY = "iam: one right of a function's role is missing"

# More than one part of an upload, however well it is compressed, and then an unreadable table.
TORN = """
    CREATE TABLE a AS SELECT decode(string_agg(md5(n::text || s), ''), 'hex') AS noise
        FROM generate_series(1, 800) s, generate_series(1, 750) n GROUP BY s;
    CREATE TABLE z AS SELECT 1 AS n;
"""

NOT_ASKED = {
    "sqs:ReceiveMessage": "the emulator's event source takes jobs without asking the role",
    "sqs:DeleteMessage": "likewise",
    "sqs:GetQueueAttributes": "likewise",
    "dead-letters": "the emulator puts a failed event there without asking the role",
}

# Two rights whose lack does not fail a backup. On AWS a function works on without its log, but
# its metrics travel in it, and lateness fires an alarm. An upload left open costs until
# the lifecycle rule sweeps it.
QUIET = {"logs:CreateLogStream", "logs:PutLogEvents", "s3:AbortMultipartUpload"}
Signs = Callable[[], set[str]]
Weaken = Callable[[Sequence[Statement]], Iterator[Weakening]]
BY_PARTS_AND_WHOLE = pytest.mark.parametrize(
    # A statement that is missed may have parts that are not; that is looked at where there is time.
    "weaken",
    [without_a_part, without_a_statement],
)
NAMED, NAMED_BY_AWS = "the log names the missing right", "AccessDenied"


def without_some_statements(statements: Sequence[Statement]) -> Iterator[Weakening]:
    """Take every fourth statement away: each costs seconds."""
    return itertools.islice(without_a_statement(statements), 0, None, 4)


def asked(weakening: Weakening) -> bool:
    """Tell whether the embedded cloud ever asks for what was taken away."""
    names = {resource.rpartition(f"snapper-{NAME}-")[2] for resource in weakening.resources}
    # What an older release left is read while a stage is brought up to date, and only then.
    older = all(f"/{RETENTIONS}" in resource for resource in weakening.resources)
    # This stage has no databases that were added; tests/snapper/cli/test_databases.py has.
    older = older or all("/ADDED/" in resource for resource in weakening.resources)
    # Nor does it seal; tests/snapper/verbs/test_dump_sealed.py and test_sealed.py do.
    older = older or all(resource.endswith(".age") for resource in weakening.resources)
    # The embedded cloud has no networks; what is denied there nobody misses.
    network = all(action.startswith("ec2:") for action in weakening.actions)
    return not (
        older or network or set(weakening.actions) <= NOT_ASKED.keys() or names <= NOT_ASKED.keys()
    )


def assert_nothing_is_superfluous(
    stage: StageUnderTest,
    function: str,
    weaken: Weaken,
    signs: Signs,
    asked: Callable[[Weakening], bool] = asked,
) -> None:
    """Run whole, then without each thing the role may do, and whole again."""
    assert signs() == set()
    rights = Rights(stage.cloud, function)
    for weakening in filter(asked, weaken(rights.statements)):
        with faulted(FAMILY), rights.weakened(weakening):
            # Rights are believed and denied within a moment, not at once.
            seen = eventually(signs, what=f"{function} does not need {weakening}")
            assert NAMED in seen or QUIET.issuperset(weakening.actions), f"{weakening}: {seen}"
    eventually(lambda: signs() == set())


@pytest.fixture
def torn(stage: StageUnderTest) -> Iterator[str]:
    """A database whose dump begins well and cannot end."""
    source = stage.source(18, TORN)
    ((path,),) = source.rows("SELECT pg_relation_filepath('z')")
    source.run("CHECKPOINT")
    source.server.directory.joinpath("data", str(path)).unlink()
    with stage.database("torn", source.dsn, 1) as key:
        yield key


@pytest.fixture
def waits(stage: StageUnderTest) -> Iterator[str]:
    """A database whose server others dump already, as many as may."""
    source = stage.source(14)
    with stage.database("waits", source.dsn, 1) as key, busy(source.dsn):
        yield key
    stage.settle()


@pytest.mark.long
@pytest.mark.parametrize("weaken", [without_some_statements, without_a_part, without_a_statement])
def test_the_dumper_needs_every_right_it_has(
    stage: StageUnderTest, torn: str, waits: str, weaken: Weaken
) -> None:
    dumper, vault = stage.deployment.outputs["dumper"], stage.vault
    days = (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=n) for n in itertools.count())

    def signs() -> set[str]:
        at = next(days)
        cold_start(stage, dumper)
        # By the time in it all that is logged of a message is found.
        ids = {f"{key} {write_time(at)}": key for key in ("whole", torn, waits)}
        records = [record(Job(key, at).to_json(), one) for one, key in ids.items()]
        failed = invoke(stage.cloud, dumper, delivery(*records))["batchItemFailures"]
        back = {ids[item["itemIdentifier"]] for item in failed}
        # Whatever it may not do, it takes nothing torn for a backup.
        assert torn in back
        assert list(vault.list(f"{torn}/")) == []
        log = heard(stage, dumper, write_time(at))
        seen = {NAMED} if "AccessDenied" in log else set()
        if "whole" in back:
            seen.add("its job came back")
        made = {object_key("whole", at, kind) for kind in (Kind.DUMP, Kind.MANIFEST)}
        if not made <= set(keys(vault)):
            seen.add("the vault does not hold this backup")
        if open_uploads(stage, "whole/", f"{torn}/"):
            seen.add("an upload stayed open")
        if "dump.ended" not in log:
            seen.add("its log tells of no backup")
        if waits in back or "dump.waits" not in log:
            seen.add("what has to wait does not wait")
        return seen

    with stage.database("whole", stage.source(18).dsn, 1, SOME):
        assert_nothing_is_superfluous(stage, dumper, weaken, signs)


@BY_PARTS_AND_WHOLE
@pytest.mark.long
def test_the_pruner_needs_every_right_it_has(stage: StageUnderTest, weaken: Weaken) -> None:
    pruner, vault = stage.deployment.outputs["pruner"], stage.vault
    days = (datetime(2024, 11, 1, tzinfo=UTC) + timedelta(days=n) for n in itertools.count(1))

    def signs() -> set[str]:
        at = next(days)
        cold_start(stage, pruner)
        stage.forget("full")
        # All that may belong to a backup; the older one is beyond the count.
        older = at - timedelta(days=1)
        for kind in Kind:
            vault.put(object_key("full", older, kind), b"x" * SMALLEST_DUMP)
        vault.put(mark_key("full", older, older + timedelta(hours=1)), b"")
        vault.put(pin_key("full", older, older + timedelta(hours=1)), b"{}")
        vault.put(object_key("full", at, Kind.DUMP), b"x" * SMALLEST_DUMP)
        vault.put(object_key("full", at, Kind.MANIFEST), b"{}")
        event = made(vault.bucket, object_key("full", at, Kind.MANIFEST))
        answer = invoke(stage.cloud, pruner, event)
        log = heard(stage, pruner, write_time(at))
        seen = set() if answer == {"pruned": 1} else {"the event failed"}
        if NAMED_BY_AWS in answer.get("errorMessage", ""):
            seen.add(NAMED)
        if len(list(vault.list("full/"))) != 2:
            seen.add("something beyond the count is left")
        if "prune.ended" not in log:
            seen.add("its log tells of no end")
        return seen

    with stage.database("full", NOWHERE, 1):
        assert_nothing_is_superfluous(stage, pruner, weaken, signs)


@BY_PARTS_AND_WHOLE
@pytest.mark.long
def test_the_dispatcher_needs_every_right_it_has(stage: StageUnderTest, weaken: Weaken) -> None:
    dispatcher = stage.deployment.outputs["dispatcher"]
    days = (datetime(2025, 11, 1, tzinfo=UTC) + timedelta(days=n) for n in itertools.count())

    def signs() -> set[str]:
        at = write_time(next(days))
        cold_start(stage, dispatcher)
        answer = invoke(stage.cloud, dispatcher, {"time": at})
        log = heard(stage, dispatcher, at)
        seen = set() if answer == {"queued": 3} else {"the event failed"}
        if "AccessDenied" in answer.get("errorMessage", ""):
            seen.add(NAMED)
        if "job.queued" not in log:
            seen.add("its log tells of no job")
        return seen

    # The jobs are for nobody: the queue is not served meanwhile.
    with stage.unserved(), stage.database("optional", NOWHERE, 1, SOME):
        assert_nothing_is_superfluous(stage, dispatcher, weaken, signs)


def test_what_the_embedded_cloud_does_not_ask_for_is_what_the_deployment_uses(
    stage: StageUnderTest,
) -> None:
    mappings = stage.deployment.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
    assert len(mappings) == 2
    for mapping in mappings:
        taken = mapping.inputs["eventSourceArn"]
        assert granted(stage, mapping.inputs["functionName"], taken) >= {
            "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        }  # fmt: skip
    failing = stage.deployment.of_type(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    )
    assert len(failing) == 3
    for one in failing:
        letters = one.inputs["destinationConfig"]["onFailure"]["destination"]
        assert granted(stage, one.inputs["functionName"], letters) == {"sqs:SendMessage"}
        assert letters.endswith("-dead-letters")


@pytest.mark.long
def test_without_its_log_a_stage_fires_its_alarm(stage: StageUnderTest) -> None:
    alarms = stage.deployment.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    (late,) = [one.inputs for one in alarms if one.inputs.get("metricName") == "Late"]
    assert late["treatMissingData"] == "breaching"


def cold_start(stage: StageUnderTest, function: str) -> None:
    """Let the next event meet a new environment, which has yet to make its log stream."""
    for environment in stage.host._installed[function].idle:
        environment.stop()


def heard(stage: StageUnderTest, function: str, about: str) -> str:
    """All that CloudWatch Logs holds of a function with these words in it."""
    pages = stage.cloud.client("logs").get_paginator("filter_log_events")
    return "\n".join(
        event["message"]
        for page in pages.paginate(logGroupName=f"/aws/lambda/{function}")
        for event in page["events"]
        if about in event["message"]
    )


def open_uploads(stage: StageUnderTest, *folders: str) -> list[str]:
    """Give the unfinished uploads in these folders, and end them; a stage has seen other tests."""
    s3, bucket = stage.cloud.client("s3"), stage.vault.bucket
    listed = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    found = [one for one in listed if one["Key"].startswith(folders)]
    for one in found:
        s3.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
    return [one["Key"] for one in found]


def granted(stage: StageUnderTest, function: str, resource: str) -> set[str]:
    """All actions that a function's role has on exactly this resource."""
    statements = Rights(stage.cloud, function).statements
    return {action for one in statements if resource in one["Resource"] for action in one["Action"]}
