"""Runs the real `__main__.py` against recording mocks: what would be deployed, as plain values."""

import json
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

from local.deployment.program import run_program
from local.deployment.stack_config import load_stack_config

with warnings.catch_warnings():
    # While it is imported, the SDK deprecates resources of its own that we do not use; what it
    # says of ours later fails the test.
    warnings.simplefilter("ignore", DeprecationWarning)
    _ = pulumi_aws.lambda_.Function, pulumi_aws.s3.Bucket

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "123456789012", "eu-central-1"
SECRETS = {
    "DATABASE_CONN_STRINGS": (
        "orders,postgresql://reader:p%40ss@db.example.com/orders,POSTGRES"
        "|people,host=db.example.com user=reader password=hush dbname=people,POSTGRES"
    ),
    "BACKUP_STORAGE_DATA": "orders,7|people,2",
}

ENCRYPTED = ("RESTORE_CONN_STRINGS", "drillIdentity")
"""What Pulumi.yaml does not call a secret, and is one."""


RESTORING = {
    "largeDatabases": "true",
    "RESTORE_CONN_STRINGS": "copy,postgresql://writer:quiet9@copy.example.com/orders,POSTGRES",
}
"""The settings of a stage with every kind of container."""


@dataclass(frozen=True)
class Registration:
    """One resource as the program asked the engine for it."""

    type: str
    name: str
    custom: bool
    parent: str
    inputs: dict[str, Any]
    secret_inputs: frozenset[str]
    dependencies: frozenset[str]
    retained: bool
    deleted_before_replace: bool
    replaced_on_changes: tuple[str, ...]
    ignored_changes: frozenset[str]
    imported: str

    def policy(self, key: str = "policy") -> list[dict[str, Any]]:
        """Give the statements of the policy that stands, as JSON, in an input."""
        statements: list[dict[str, Any]] = json.loads(self.inputs[key])["Statement"]
        return statements


@dataclass
class Graph:
    """Everything the program registered, and its stack outputs."""

    registrations: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Registration]:
        return iter(sorted(self.registrations, key=lambda one: (one.type, one.name)))

    def of(self, kind: str) -> list[Registration]:
        """Give all of a type, named by its last parts: `s3/bucket:Bucket`, or `Vault`."""
        return [one for one in self if one.type in (f"aws:{kind}", f"snapper:infra:{kind}")]

    def named(self, name: str, kind: str = "") -> Registration:
        """Give the one with this logical name (and type, where a component shares it)."""
        (found,) = [
            one for one in self if one.name == name and one.custom and one.type.endswith(kind)
        ]
        return found


_HERE = f"{REGION}:{ACCOUNT}"
_ARNS = {
    "aws:batch/computeEnvironment:ComputeEnvironment": f"batch:{_HERE}:compute-environment/",
    "aws:batch/jobQueue:JobQueue": f"batch:{_HERE}:job-queue/",
    "aws:batch/jobDefinition:JobDefinition": f"batch:{_HERE}:job-definition/",
    "aws:sqs/queue:Queue": f"sqs:{_HERE}:",
    "aws:ssm/parameter:Parameter": f"ssm:{_HERE}:parameter",
    "aws:cloudwatch/logGroup:LogGroup": f"logs:{_HERE}:log-group:",
    "aws:cloudwatch/eventRule:EventRule": f"events:{_HERE}:rule/",
    "aws:iam/role:Role": f"iam::{ACCOUNT}:role/",
    "aws:lambda/function:Function": f"lambda:{_HERE}:function:",
    "aws:kms/key:Key": f"kms:{_HERE}:key/",
    "aws:sns/topic:Topic": f"sns:{_HERE}:",
}
"""How an ARN of each type begins, before the name."""


def _outputs(kind: str, logical: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give what AWS would add, as far as the program builds on it."""
    name = inputs.get("name") or inputs.get("layerName") or logical
    arn = {"arn": f"arn:aws:{_ARNS[kind]}{name}"} if kind in _ARNS else {}
    match kind:
        case "aws:s3/bucket:Bucket":
            bucket = inputs.get("bucket") or f"{inputs['bucketPrefix']}0123456789"
            return {"bucket": bucket, "arn": f"arn:aws:s3:::{bucket}"}
        case "aws:sqs/queue:Queue":
            return {**arn, "url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"}
        case "aws:lambda/layerVersion:LayerVersion":
            return {"arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}:1"}
        case "aws:kms/alias:Alias":
            return {"arn": f"arn:aws:kms:{_HERE}:{name}"}
        case "aws:kms/key:Key":
            return {**arn, "keyId": logical}
        case "aws:batch/jobDefinition:JobDefinition":
            return {"arnPrefix": arn["arn"], "arn": f"{arn['arn']}:1"}
        case _:
            return arn


class _Monitor(mocks.MockMonitor):
    """Keeps the requests as they come: Pulumi's mocks alone hide parents, dependencies, options."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(mocks=None)  # type: ignore[arg-type]  # we answer ourselves
        self._graph = graph
        self._lock = threading.Lock()

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the engine's word
        found = self._graph.known.get(request.tok)
        if found is None:
            raise AssertionError(f"the program asked the provider for {request.tok}")
        answer = struct_pb2.Struct()
        answer.update({"id": "looked-up", **found})
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's word
        urn = self.make_urn(request.parent, request.type, request.name)
        answer = struct_pb2.Struct()
        answer.CopyFrom(request.object)
        if request.type != "pulumi:pulumi:Stack":
            registration = _registration(request)
            answer.update(_outputs(request.type, request.name, registration.inputs))
            with self._lock:
                self._graph.registrations.append(registration)
        identifier = f"{request.name}-id" if request.custom else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier, object=answer)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the engine's word
        if "::pulumi:pulumi:Stack::" in request.urn:
            self._graph.outputs.update(rpc.deserialize_properties(request.outputs))
        return empty_pb2.Empty()


def _registration(request: Any) -> Registration:
    inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
    return Registration(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=_name(request.parent),
        inputs={key: _bare(value) for key, value in inputs.items()},
        secret_inputs=frozenset(key for key, value in inputs.items() if _holds_secret(value)),
        dependencies=frozenset(map(_name, request.dependencies)),
        retained=request.retainOnDelete,
        deleted_before_replace=request.deleteBeforeReplace,
        replaced_on_changes=tuple(request.replaceOnChanges),
        ignored_changes=frozenset(request.ignoreChanges),
        imported=request.importId,
    )


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _bare(value: Any) -> Any:
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if isinstance(value, pulumi.FileArchive):
        return {"archive": Path(value.path).name}
    if isinstance(value, pulumi.FileAsset):
        return {"asset": Path(value.path).name}
    return value


def _holds_secret(value: Any) -> bool:
    if rpc.is_rpc_secret(value):
        return True
    if isinstance(value, dict):
        return any(map(_holds_secret, value.values()))
    return isinstance(value, list) and any(map(_holds_secret, value))


DEFAULT_NETWORK: Mapping[str, Mapping[str, Any]] = {
    "aws:ec2/getVpcs:getVpcs": {"ids": ["vpc-0a"]},
    "aws:ec2/getSubnets:getSubnets": {"ids": ["subnet-0b", "subnet-0a"]},
}


def record(stage: str = "prod", **config: str) -> Graph:
    """Run the program for a stage; the config goes over the defaults and the two secrets.

    Raises what the program raises, as Pulumi's language host would see it.
    """
    return record_in(DEFAULT_NETWORK, stage, **config)


def record_replica(stack: str = "prod", **config: str) -> Graph:
    """Run the program of the second bucket in another account."""
    graph, root = Graph(), ROOT / "replica"
    given = {"aws:region": REGION, **config}
    run_program(root, stack, load_stack_config(root, given), _Monitor(graph))
    return graph


def record_in(known: Mapping[str, Mapping[str, Any]], stage: str = "prod", **config: str) -> Graph:
    """Run it where the provider, asked for something, answers what is known, by the call."""
    graph = Graph(known=known)
    run_program(
        ROOT,
        stage,
        load_stack_config(ROOT, {"aws:region": REGION, **SECRETS, **config}, ENCRYPTED),
        _Monitor(graph),
    )
    return graph
