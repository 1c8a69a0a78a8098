"""Who deploys needs exactly docs/deploy-policy.json: it suffices, and nothing in it is superfluous.

The real program is deployed, used as Pulumi's provider uses AWS, and destroyed, by somebody who has
that policy; then again without each of its actions. What the embedded cloud cannot ask for is named
below with the reason.
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.errors import SnapperError
from tests.support.deployments import Deployer, bring_up, document_of, make_boundary
from tests.support.faults import tried
from tests.support.provider import REHEARSED, rehearse
from tests.support.recorder import RESTORING, record
from tests.support.rights import Statement, listed, without_a_part

FAMILY = "iam: one right of who deploys is missing"
POLICY: list[Statement] = document_of("deploy-policy")["Statement"]

LARGE: list[Statement] = document_of("deploy-large-policy")["Statement"]
KEYS: list[Statement] = document_of("deploy-keys-policy")["Statement"]
REPLICA: list[Statement] = document_of("deploy-replica-policy")["Statement"]
SIGNING = {"tamperEvident": "true", "kmsKey": "create"}
COPYING = {"replica": '{"region": "eu-west-1"}'}

# AWS asks these for the name and for the key; the emulator for neither.
OF_NAMES = ("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias")

# The emulator asks these for every resource, where AWS asks for the one that is named.
UNNAMED = (
    "events:",
    "cloudwatch:",
    "ec2:",
    "sns:ListTags",
    "sns:TagResource",
    "sns:UntagResource",
    *OF_NAMES,
)

NOT_ASKED = {
    "iam:PassRole": "the emulator takes any role for a function",
    "kms:Decrypt": "it asks for no right on a key when SSM uses it",
    "kms:Encrypt": "likewise",
    "ec2:DescribeSecurityGroups": "it has no networks",
    "ec2:DescribeSubnets": "likewise",
    "ec2:DescribeVpcs": "likewise",
    "s3:DeleteObject": "the provider deletes many at once, which asks for it; we one version each",
    "s3:PutBucketObjectLockConfiguration": "only with objectLock: see test_object_lock.py",
    "s3:ListTagsForResource": "newer providers read a bucket's tags so, it knows the older way",
    "s3:TagResource": "likewise",
    "s3:UntagResource": "likewise",
    "ssm:GetParametersByPath": "only with recipients, and a preview without it is silent of them",
}


NOT_ASKED_OF_CONTAINERS = {
    "batch:ListTagsForResource": "the emulator knows no tags of Batch",
    "batch:TagResource": "likewise",
    "batch:UntagResource": "likewise",
    "iam:CreateServiceLinkedRole": "it has no roles of services",
    "ec2:CreateTags": "it takes the tags of a new group as a part of it",
    "s3:PutObjectTagging": "likewise, of an object",
    "s3:GetLifecycleConfiguration": "the provider asks it of any bucket, we of one with such rules",
    "ec2:DescribeNetworkInterfaces": "the provider waits for them where they are many",
    "ec2:DescribeSecurityGroupRules": "newer providers read a group so, it knows the older way",
}


NOT_ASKED_OF_COPIES = {
    "s3:PutBucketObjectLockConfiguration": "only with `lock`, whose bucket is not emptied",
}


@pytest.fixture
def deployer(cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[Deployer]:
    made = Deployer(cloud, "deployer-" + re.sub(r"[\W_]+", "-", request.node.name)[-40:])
    yield made
    made.stop()


@pytest.fixture
def boundary(cloud: Cloud) -> str:
    return make_boundary(cloud)


@pytest.fixture
def host(cloud: Cloud, tmp_path: Path) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path) as started:
        yield started


def as_asked(statements: Sequence[Statement]) -> list[Statement]:
    """Widen the resources that the emulator does not name; the actions stay.

    Nor does it know the tags of a network's parts.
    """
    asked: list[Statement] = []
    for one in statements:
        unnamed = [action for action in listed(one["Action"]) if action.startswith(UNNAMED)]
        named = [action for action in listed(one["Action"]) if action not in unnamed]
        if unnamed:
            asked.append({"Effect": one["Effect"], "Action": unnamed, "Resource": "*"})
        if named:
            asked.append({**one, "Action": named})
    return asked


def life_of_a_stage(
    deployer: Deployer, host: LambdaHost, stage: str, boundary: str, **more: str
) -> list[str]:
    """Deploy, use and destroy a stage; give whatever was refused."""
    more = {"alarmEmail": "a@example.com", "permissionsBoundary": boundary, **more}
    try:
        deployment = bring_up(deployer, host, stage, **more)
    except SnapperError as error:
        return [str(error)]
    refusals = [words for made in deployment.registrations for words in rehearse(deployer, made)]
    root = deployer._cloud.client("s3")
    for _ in range(2):  # an old version, and a delete marker above it
        root.put_object(Bucket=deployment.outputs["bucket"], Key="a", Body=b"a")
    root.delete_object(Bucket=deployment.outputs["bucket"], Key="a")
    try:
        deployment.destroy()
    except SnapperError as error:
        refusals.append(str(error))
    return refusals


@dataclass(frozen=True)
class Trial:
    """Somebody who deploys a stage of these settings with what is left of a policy."""

    deployer: Deployer
    host: LambdaHost
    boundary: str

    def refused(self, stage: str, statements: Sequence[Statement], **settings: str) -> str:
        """Give what is refused to who has these statements."""
        self.deployer.may(*as_asked(statements))
        return "\n".join(
            life_of_a_stage(self.deployer, self.host, stage, self.boundary, **settings)
        )

    def superfluous(
        self,
        stage: str,
        policy: Sequence[Statement],
        not_asked: Collection[str],
        beside: Sequence[Statement] = (),
        **settings: str,
    ) -> list[str]:
        """Give each part of a policy without which nothing is refused; `beside` is another one."""
        found = []
        for number, weakening in enumerate(without_a_part(as_asked(policy))):
            if set(weakening.actions) <= {*not_asked}:
                continue
            left = [*as_asked(beside), *weakening.left]
            self.deployer.may(*left)
            try:
                needed = bool(
                    life_of_a_stage(
                        self.deployer, self.host, f"{stage}{number}", self.boundary, **settings
                    )
                )
            finally:
                self.deployer.may({"Effect": "Allow", "Action": "*", "Resource": "*"})
            tried(FAMILY, survived=needed)
            if not needed:
                found.append(str(weakening))
        return found


@pytest.fixture
def trial(deployer: Deployer, host: LambdaHost, boundary: str) -> Trial:
    return Trial(deployer, host, boundary)


def test_the_policy_suffices(trial: Trial) -> None:
    assert trial.refused("by-policy", POLICY) == ""


@pytest.mark.long
def test_nothing_in_the_policy_is_superfluous(trial: Trial) -> None:
    assert trial.superfluous("weak", POLICY, NOT_ASKED) == []


OTHERS = {
    "large": (LARGE, {*NOT_ASKED, *NOT_ASKED_OF_CONTAINERS}, RESTORING),
    "keys": (KEYS, OF_NAMES, SIGNING),
    "copies": (REPLICA, {*NOT_ASKED, *NOT_ASKED_OF_COPIES}, COPYING),
}


@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_for_more_another_policy_suffices_too(name: str, trial: Trial) -> None:
    policy, _, settings = OTHERS[name]
    assert trial.refused(f"by-{name}", [*POLICY, *policy], **settings) == ""


@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_nothing_in_another_policy_is_superfluous(name: str, trial: Trial) -> None:
    policy, not_asked, settings = OTHERS[name]
    assert trial.superfluous(name, policy, not_asked, POLICY, **settings) == []


def test_every_type_of_the_program_is_rehearsed() -> None:
    whole = record(alarmEmail="a@example.com", **SIGNING, **RESTORING)
    types = {one.type for graph in (whole, record(**COPYING)) for one in graph if one.custom}
    assert types == REHEARSED.keys()


@pytest.mark.parametrize(
    "policy", [POLICY, LARGE, KEYS, REPLICA], ids=["all", "large", "keys", "replica"]
)
def test_the_policy_fits_into_a_managed_policy(policy: list[Statement]) -> None:
    document = {"Version": "2012-10-17", "Statement": policy}
    # Source: IAM quotas; white space is not counted.
    assert len(json.dumps(document, separators=(",", ":"))) <= 6144


def test_every_resource_of_the_policy_is_snappers_where_aws_lets_it_be_named() -> None:
    wide = {one["Sid"] for one in POLICY if "snapper" not in json.dumps(one["Resource"])}
    assert wide == {
        "ListingKnowsNoResource",
        "MappingsHaveNamesOfAwsOwn",
        "MappingsToItsFunctionsOnly",
        "SubscriptionsKnowNoResource",
        "OnlyWithSubnetIds",
        "OnlyWithKmsKeyArn",
    }


def test_the_resources_the_emulator_does_not_name_are_named_rightly() -> None:
    graph = record()
    patterns = [one["Resource"] for one in POLICY if listed(one["Action"])[0].startswith(UNNAMED)]
    arns = [
        f"arn:aws:events:eu-central-1:123456789012:rule/{rule.inputs['name']}"
        for rule in graph.of("cloudwatch/eventRule:EventRule")
    ] + [
        f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{alarm.inputs['name']}"
        for alarm in graph.of("cloudwatch/metricAlarm:MetricAlarm")
    ]
    arns += [
        f"arn:aws:sns:eu-central-1:123456789012:{topic.inputs['name']}"
        for topic in graph.of("sns/topic:Topic")
    ]
    for arn in arns:
        assert [pattern for pattern in patterns if fnmatchcase(arn, pattern)], arn
