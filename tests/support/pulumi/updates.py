"""How a resource is changed in place: for the types that making it once more would not change.

All others are put anew by their own handler, which for them is the same call. What nobody changes
here is refused, so that a test cannot pass over a change that was never made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.deployment.resources.containers import resources
from local.deployment.resources.functions import PROXY
from local.deployment.resources.request import capitalised
from local.emulator.cloud import Cloud
from local.runtime.host import Function, LambdaHost


@dataclass(frozen=True)
class Change:
    """A resource that is there, the inputs it shall have, and which of them are different."""

    identifier: str
    inputs: Mapping[str, Any]
    keys: frozenset[str]
    cloud: Cloud
    host: LambdaHost

    def only(self, *foreseen: str) -> None:
        """Refuse a change of anything else."""
        if unforeseen := self.keys - set(foreseen):
            raise NotImplementedError(f"the stand-in does not change {', '.join(unforeseen)}")


def _bucket(change: Change) -> None:
    change.only("forceDestroy", "tags")  # the first is a matter of the state alone
    if "tags" in change.keys:
        tags = [{"Key": key, "Value": value} for key, value in change.inputs["tags"].items()]
        change.cloud.client("s3").put_bucket_tagging(
            Bucket=change.identifier, Tagging={"TagSet": tags}
        )


def _log_group(change: Change) -> None:
    change.only("retentionInDays")
    change.cloud.client("logs").put_retention_policy(
        logGroupName=change.identifier, retentionInDays=change.inputs["retentionInDays"]
    )


def _role(change: Change) -> None:
    change.only("assumeRolePolicy", "permissionsBoundary")
    iam, name = change.cloud.client("iam"), change.identifier
    if "assumeRolePolicy" in change.keys:
        trust = change.inputs["assumeRolePolicy"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    if "permissionsBoundary" in change.keys:
        if boundary := change.inputs.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(RoleName=name)


def _parameter(change: Change) -> dict[str, Any]:
    change.only("value", "type", "keyId")
    # The provider names the key only when that is another one: see infra/secrets.py.
    key = {"KeyId": change.inputs["keyId"]} if "keyId" in change.keys else {}
    put = change.cloud.client("ssm").put_parameter(
        Name=change.identifier,
        Value=change.inputs["value"],
        Type=change.inputs["type"],
        Overwrite=True,
        **key,
    )
    return {"version": put["Version"]}


_QUEUE = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}


def _queue(change: Change) -> None:
    change.only(*_QUEUE)
    values = {key: change.inputs[key] for key in change.keys}
    change.cloud.client("sqs").set_queue_attributes(
        QueueUrl=change.identifier,
        Attributes={
            _QUEUE[key]: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in values.items()
        },
    )


_MAPPING = {
    "batchSize": "BatchSize",
    "functionName": "FunctionName",
    "functionResponseTypes": "FunctionResponseTypes",
}


def _event_source_mapping(change: Change) -> None:
    change.only(*_MAPPING, "scalingConfig")
    change.cloud.client("lambda").update_event_source_mapping(
        UUID=change.identifier,
        ScalingConfig=capitalised(change.inputs.get("scalingConfig", {})),
        **{_MAPPING[key]: change.inputs[key] for key in change.keys & _MAPPING.keys()},
    )


def _function(change: Change) -> None:
    client, new, name = change.cloud.client("lambda"), change.inputs, change.identifier
    archive = Path(new["code"].path).resolve()
    environment = new.get("environment", {}).get("variables", {})
    layers = new.get("layers", [])
    if change.keys & {"code", "architectures"}:
        client.update_function_code(
            FunctionName=name, ZipFile=archive.read_bytes(), Architectures=new["architectures"]
        )
    client.update_function_configuration(
        FunctionName=name,
        Role=new["role"],
        Handler=new["handler"],
        Timeout=new["timeout"],
        MemorySize=new["memorySize"],
        Runtime=new["runtime"],
        Layers=layers,
        Environment={"Variables": {**environment, PROXY: change.host.url(name)}},
        VpcConfig=capitalised(new.get("vpcConfig") or {"subnetIds": [], "securityGroupIds": []}),
    )
    change.host.install(
        Function(
            name,
            new["handler"],
            archive,
            new["role"],
            timeout=new["timeout"],
            memory=new["memorySize"],
            environment=environment,
            layers=tuple(change.host.layer(arn) for arn in layers),
        )
    )


def _environment(change: Change) -> None:
    change.only("computeResources")
    change.cloud.client("batch").update_compute_environment(
        computeEnvironment=change.identifier,
        computeResources=resources(change.inputs["computeResources"]),
    )


def _key(change: Change) -> None:
    change.only("policy", "description")
    kms, key = change.cloud.client("kms"), change.identifier
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=change.inputs["policy"])
    kms.update_key_description(KeyId=key, Description=change.inputs["description"])


def _never(change: Change) -> None:
    change.only()


UPDATES: Mapping[str, Callable[[Change], dict[str, Any] | None]] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:iam/role:Role": _role,
    "aws:ssm/parameter:Parameter": _parameter,
    "aws:sqs/queue:Queue": _queue,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _event_source_mapping,
    "aws:lambda/function:Function": _function,
    "aws:batch/computeEnvironment:ComputeEnvironment": _environment,
    "aws:batch/jobQueue:JobQueue": _never,
    "aws:ec2/securityGroup:SecurityGroup": _never,
    "aws:kms/key:Key": _key,
    "aws:sns/topic:Topic": _never,
    "aws:sns/topicSubscription:TopicSubscription": _never,
}
