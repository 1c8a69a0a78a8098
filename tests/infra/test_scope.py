"""A name is read in one way only: no two stages of one account ever share one."""

from fnmatch import fnmatchcase
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infra.scope import Scope
from snapper.values.keys import DATABASE_KEY
from snapper.values.settings import STAGE, connection_parameter, retention_parameter
from tests.support.few import few
from tests.support.recorder import RESTORING, Graph, record
from tests.support.rights import listed

SPELLED = ("name", "layerName", "bucketPrefix")
BATCH = {
    "aws:batch/jobQueue:JobQueue": "job-queue/",
    "aws:batch/jobDefinition:JobDefinition": "job-definition/",
}
_NAMELESS = ("ec2:", "batch:ListJobs")

stages = st.from_regex(STAGE, fullmatch=True)
databases = st.from_regex(DATABASE_KEY, fullmatch=True)


@st.composite
def neighbours(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Two stages with a database each, cut out of one text: joined by a hyphen they are equal."""
    words = draw(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,4}", fullmatch=True), min_size=3))
    cuts = draw(st.permutations(range(1, len(words))))[:2]
    return [("-".join(words[:cut])[:20].strip("-"), "-".join(words[cut:])[:64]) for cut in cuts]


def names(graph: Graph) -> set[tuple[str, str]]:
    """Give every name that AWS keeps for the whole account, with its type."""
    return {
        (one.type, one.inputs[key])
        for one in graph
        # The name of a policy within its role is nobody else's.
        if one.type != "aws:iam/rolePolicy:RolePolicy"
        for key in SPELLED
        if key in one.inputs
    }


@pytest.fixture(scope="module")
def whole() -> Graph:
    """Give a stage with every kind of container."""
    return record(**RESTORING)


def with_databases(stage: str, *keys: str, **more: str) -> Graph:
    return record(
        stage,
        **more,
        DATABASE_CONN_STRINGS="|".join(f"{key},postgresql://u:p@h/d,POSTGRES" for key in keys),
        BACKUP_STORAGE_DATA="|".join(f"{key},7" for key in keys),
    )


@given(st.lists(st.tuples(stages, databases), min_size=2, max_size=2) | neighbours())
def test_stage_and_database_are_read_out_of_a_name_in_one_way(
    pairs: list[tuple[str, str]],
) -> None:
    assume(pairs[0] != pairs[1])
    first, second = (
        (
            connection_parameter(Scope(stage).parameter_root, key),
            retention_parameter(Scope(stage).parameter_root, key),
        )
        for stage, key in pairs
    )
    assert not set(first) & set(second)


def test_no_part_ends_like_another_after_a_hyphen(whole: Graph) -> None:
    """So a stage that is called like another and the beginning of a part changes nothing."""
    parts = {
        (kind, name.partition("snapper-prod-")[2].partition("_")[0])
        for kind, name in names(whole)
        if "snapper-prod-" in name
    }
    assert ("aws:batch/jobQueue:JobQueue", "large-restores") in parts
    assert ("aws:cloudwatch/metricAlarm:MetricAlarm", "late") in parts
    for (kind, part), (other_kind, other) in permutations(parts, 2):
        if kind == other_kind and part:
            assert not other.endswith(f"-{part}")


@pytest.mark.parametrize(
    "other", few(["prod-large", "prod-2", "prod-eu", "prod-late", "prod-dead", "pro"], 2)
)
def test_two_stages_share_no_name_and_no_right(whole: Graph, other: str) -> None:
    # The keys begin as the rest of the stage's own name would.
    keys = ("orders", "people", "eu-orders", "2-orders", "late", "jobs")
    theirs = names(with_databases(other, *keys, **RESTORING))
    assert not names(whole) & theirs
    patterns = set(resources(whole))
    assert len(patterns) > 10
    # Stage prod's queue of Batch may be called as a queue of SQS is that stage prod-large has.
    for name in {f"{BATCH.get(kind, '')}{name}" for kind, name in theirs}:
        bucket = f"{name}0123456789"
        for pattern in patterns:
            assert not fnmatchcase(name, pattern)
            assert not fnmatchcase(bucket, pattern)


def test_logical_names_are_read_in_one_way_too() -> None:
    keys = ("a", "a-connection", "a-late", "dead-letters", "dispatcher", "late", "topic", "a-topic")
    graph = with_databases("prod", *keys)
    made = [(one.type, one.name) for one in graph]
    assert len(made) == len(set(made))


def resources(graph: Graph) -> list[str]:
    """Give what the policies of a stage are about, as the pattern of a name."""
    found = []
    for one in graph:
        for key in ("policy", "assumeRolePolicy"):
            for statement in one.policy(key) if key in one.inputs else ():
                source = statement.get("Condition", {}).get("ArnLike", {}).get("aws:SourceArn", [])
                # Of EC2's actions some know no resource, and no stage has any of its own. Nor does
                # Batch's listing, or who runs containers, which is trusted by the account alone.
                ours = not all(action.startswith(_NAMELESS) for action in statement["Action"])
                theirs = [arn for arn in listed(source) if ":ecs:" not in arn]
                found += [*(statement.get("Resource", []) if ours else ()), *theirs]
    return [name_in(arn) for arn in found]


def name_in(arn: str) -> str:
    """Cut a name, or the pattern of one, out of an ARN."""
    resource = arn.split(":", 5)[5]
    return resource.removeprefix("alarm:").removeprefix("log-group:").removeprefix("parameter")
