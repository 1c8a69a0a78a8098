"""Who may deploy makes no administrator, and with the policy of one stage reaches no other.

Everything that could widen what the deployer has is tried with docs/deploy-policy.json, then what
is left to a role that has all rights within the boundary. Then a deployer who has the policy of the
stage `near` reaches for `near-2`, in the same account and with a name that begins so.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from tests.reliability.test_iam_deployer import as_asked, life_of_a_stage
from tests.reliability.test_iam_isolation import ALL, Thief
from tests.support.belongings import Belongings
from tests.support.cloud import LAMBDA, document, refused
from tests.support.deployments import Deployer, bring_up, document_of, make_boundary
from tests.support.faults import faulted

FAMILY = "iam: who deploys reaches for more"
NEAR, FAR = "near", "near-2"
EVERYTHING = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
TRUST = document({"Effect": "Allow", "Principal": LAMBDA, "Action": "sts:AssumeRole"})
ANYBODY = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
Asked = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def boundary(cloud: Cloud) -> str:
    return make_boundary(cloud)


@pytest.fixture(scope="module")
def deployer(cloud: Cloud, boundary: str) -> Iterator[Deployer]:
    """Somebody who may deploy all stages."""
    made = Deployer(cloud, "hostile-deployer")
    made.may(*as_asked(document_of("deploy-policy")["Statement"]))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def limited(cloud: Cloud) -> Iterator[Deployer]:
    """Somebody who may deploy one stage."""
    made = Deployer(cloud, "limited-deployer")
    made.may(*as_asked(document_of("deploy-policy", NEAR)["Statement"]))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def far(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Belongings]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("far")) as host:
        deployment = bring_up(cloud, host, FAR)
        try:
            yield Belongings(FAR, deployment)
        finally:
            deployment.destroy()


@pytest.fixture(scope="module")
def unbounded(cloud: Cloud) -> str:
    """A role named like ours that has no boundary, as one of an older deployment."""
    name = "snapper-older-dumper"
    cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return name


@pytest.fixture(scope="module")
def bounded(deployer: Deployer, boundary: str) -> str:
    """A role that its deployer has given every right there is, and that anybody may take."""
    name, iam = "snapper-greedy", deployer.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=ANYBODY, PermissionsBoundary=boundary)
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=EVERYTHING)
    return name


def is_refused(client: Any, call: str, **arguments: Any) -> bool:
    return refused(getattr(client, call), **arguments)


def escapes(role: str, boundary: str) -> list[Asked]:
    """What would make its caller more than a deployer, or free a role from its boundary."""
    new = {"RoleName": "snapper-new", "AssumeRolePolicyDocument": TRUST}
    named, all_ = {"RoleName": role}, {"PolicyDocument": EVERYTHING}
    versioned = {"PolicyArn": boundary, "VersionId": "v1"}
    return [
        ("iam", "create_role", new),
        ("iam", "create_role", {**new, "PermissionsBoundary": ADMINISTRATOR}),
        ("iam", "create_role", {**new, "RoleName": "other", "PermissionsBoundary": boundary}),
        ("iam", "delete_role_permissions_boundary", named),
        ("iam", "put_role_permissions_boundary", {**named, "PermissionsBoundary": ADMINISTRATOR}),
        ("iam", "attach_role_policy", {**named, "PolicyArn": ADMINISTRATOR}),
        ("iam", "create_policy_version", {"PolicyArn": boundary, **all_, "SetAsDefault": True}),
        ("iam", "set_default_policy_version", versioned),
        ("iam", "delete_policy_version", versioned),
        ("iam", "delete_policy", {"PolicyArn": boundary}),
        ("iam", "create_policy", {"PolicyName": "snapper-mine", **all_}),
        ("iam", "create_user", {"UserName": "snapper-user"}),
        ("iam", "create_user", {"UserName": "snapper-user", "PermissionsBoundary": boundary}),
        ("iam", "create_access_key", {"UserName": "snapper-user"}),
        ("iam", "add_role_to_instance_profile", {**named, "InstanceProfileName": "snapper-x"}),
    ]


def test_who_deploys_makes_no_role_without_the_boundary_and_frees_none(
    deployer: Deployer, bounded: str, boundary: str
) -> None:
    for service, call, arguments in escapes(bounded, boundary):
        with faulted(FAMILY):
            assert is_refused(deployer.client(service), call, **arguments), (call, arguments)


def test_who_deploys_changes_no_role_that_has_no_boundary(
    deployer: Deployer, unbounded: str, boundary: str
) -> None:
    iam, named = deployer.client("iam"), {"RoleName": unbounded}
    rights = {**named, "PolicyName": "all"}
    with faulted(FAMILY):
        assert is_refused(iam, "put_role_policy", **rights, PolicyDocument=EVERYTHING)
    with faulted(FAMILY):
        assert is_refused(iam, "delete_role_policy", **rights)
    with faulted(FAMILY):
        assert is_refused(iam, "update_assume_role_policy", **named, PolicyDocument=ANYBODY)
    # What an update of an older stage does: from then on its rights can be changed.
    iam.put_role_permissions_boundary(**named, PermissionsBoundary=boundary)
    iam.put_role_policy(**rights, PolicyDocument=EVERYTHING)


def test_a_role_with_every_right_within_the_boundary_is_no_administrator(
    cloud: Cloud, bounded: str, boundary: str
) -> None:
    arn = cloud.client("iam").get_role(RoleName=bounded)["Role"]["Arn"]
    theirs = {"Name": "/other/secret", "Value": "x", "Type": "String"}
    cloud.client("ssm").put_parameter(**theirs, Overwrite=True)
    bucket = {"Bucket": "not-snappers"}
    cloud.client("s3").create_bucket(**bucket)
    tried: list[Asked] = [
        *escapes(bounded, boundary),
        ("iam", "get_role", {"RoleName": bounded}),
        (
            "iam",
            "put_role_policy",
            {"RoleName": bounded, "PolicyName": "x", "PolicyDocument": "{}"},
        ),
        (
            "sts",
            "assume_role",
            {"RoleArn": arn.replace("greedy", "other"), "RoleSessionName": "thief"},
        ),
        ("ssm", "get_parameter", {"Name": "/other/secret"}),
        ("ssm", "put_parameter", {**theirs, "Name": "/snapper/near/SERVICE"}),
        ("s3", "list_objects_v2", bucket),
        ("s3", "put_object", {**bucket, "Key": "a", "Body": b"a"}),
        ("s3", "list_buckets", {}),
        ("lambda", "invoke", {"FunctionName": "snapper-near-dumper"}),
        ("lambda", "list_functions", {}),
        ("sqs", "create_queue", {"QueueName": "snapper-x"}),
        ("kms", "create_key", {}),
    ]
    for service, call, arguments in tried:
        with faulted(FAMILY):
            client = cloud.client_as(service, arn)
            assert is_refused(client, call, **arguments), (service, call)


def test_a_function_is_called_by_the_schedule_alone_and_no_foreign_one_is_mapped(
    deployer: Deployer, far: Belongings
) -> None:
    functions = deployer.client("lambda")
    call = {"FunctionName": far["dumper"], "Action": "lambda:InvokeFunction"}
    for number, principal in enumerate(("*", "123456789012", "apigateway.amazonaws.com")):
        with faulted(FAMILY):
            more = {"StatementId": f"s{number}", "Principal": principal}
            assert is_refused(functions, "add_permission", **call, **more)
    queue = f"arn:aws:sqs:{deployer.region}:{deployer.account}:snapper-{FAR}-jobs"
    with faulted(FAMILY):
        mapping = {"EventSourceArn": queue, "FunctionName": "payroll"}
        assert is_refused(functions, "create_event_source_mapping", **mapping)


def test_the_policy_of_one_stage_suffices_for_it(
    cloud: Cloud, limited: Deployer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    boundary = make_boundary(cloud, NEAR)
    with LambdaHost(cloud, tmp_path_factory.mktemp("near")) as host:
        assert life_of_a_stage(limited, host, NEAR, boundary) == []


def test_who_deploys_one_stage_reaches_nothing_of_another(
    cloud: Cloud, limited: Deployer, far: Belongings
) -> None:
    own, wide = make_boundary(cloud, NEAR), make_boundary(cloud)
    mapping, *_ = far.deployment.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
    role, trust = {"RoleName": far["dumper"]}, {"AssumeRolePolicyDocument": TRUST}
    rights = {"PolicyName": "dumper", "PolicyDocument": EVERYTHING}
    tried: list[Asked] = [
        ("iam", "put_role_policy", {**role, **rights}),
        ("iam", "delete_role_policy", {**role, "PolicyName": "dumper"}),
        ("iam", "put_role_permissions_boundary", {**role, "PermissionsBoundary": own}),
        ("iam", "delete_role", role),
        ("iam", "create_role", {**trust, "RoleName": "snapper-near-x", "PermissionsBoundary": own}),
        # Within the boundary of all stages, a role of this one would reach the others.
        ("iam", "create_role", {**trust, "RoleName": f"snapper-{NEAR}-dumper"}),
        (
            "iam",
            "create_role",
            {**trust, "RoleName": f"snapper-{NEAR}-dumper", "PermissionsBoundary": wide},
        ),
        ("lambda", "update_function_code", {"FunctionName": far["dumper"], "ZipFile": b""}),
        ("lambda", "delete_function", {"FunctionName": far["dumper"]}),
        ("lambda", "delete_event_source_mapping", {"UUID": mapping.identifier}),
        ("lambda", "update_event_source_mapping", {"UUID": mapping.identifier, "Enabled": False}),
        ("sqs", "delete_queue", {"QueueUrl": far["queue_url"]}),
        ("logs", "delete_log_group", {"logGroupName": f"/aws/lambda/{far['dumper']}"}),
    ]
    for service, call, arguments in tried:
        with faulted(FAMILY):
            assert is_refused(limited.client(service), call, **arguments), (call, arguments)
    thief = Thief(cloud, "limited-deployer")
    for attempt in ALL:
        with faulted(FAMILY):
            assert not thief.may(attempt, far), str(attempt)


def test_no_right_of_one_stage_helps_a_role_of_it_to_another(
    cloud: Cloud, limited: Deployer, far: Belongings
) -> None:
    name, iam = f"snapper-{NEAR}-dumper", limited.client("iam")
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=ANYBODY,
        PermissionsBoundary=make_boundary(cloud, NEAR),
    )
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=EVERYTHING)
    thief = Thief(cloud, name)
    try:
        for attempt in ALL:
            with faulted(FAMILY):
                assert not thief.may(attempt, far), str(attempt)
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="all")
        iam.delete_role(RoleName=name)
