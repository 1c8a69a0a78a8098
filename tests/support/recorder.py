"""Runs the real `__main__.py` against recording mocks: what would be deployed, as plain values."""

import asyncio
import contextvars
import json
import runpy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, rpc, set_all_config, set_mocks
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "123456789012", "eu-central-1"
SECRETS = {
    "snapper:DATABASE_CONN_STRINGS": (
        "orders,postgresql://reader:p%40ss@db.example.com/orders,POSTGRES"
        "|people,host=db.example.com password=hush dbname=people,POSTGRES"
    ),
    "snapper:BACKUP_STORAGE_DATA": "orders,7|people,2",
}


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

    def policy(self, key: str = "policy") -> list[dict[str, Any]]:
        """Give the statements of the policy that stands, as JSON, in an input."""
        statements: list[dict[str, Any]] = json.loads(self.inputs[key])["Statement"]
        return statements


@dataclass
class Graph:
    """Everything the program registered, and its stack outputs."""

    registrations: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

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

    def comparable(self) -> list[Registration]:
        """Give the registrations in an order that does not depend on timing."""
        return list(self)


class _Provider(mocks.Mocks):
    """Gives resources the outputs that the program builds on; refuses every provider function."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"unexpected invoke {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        name = str(args.inputs.get("name") or args.inputs.get("layerName") or args.name)
        return f"{args.name}-id", {**args.inputs, **_outputs(args.typ, name, args.inputs)}


def _outputs(kind: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    match kind:
        case "aws:s3/bucket:Bucket":
            bucket = f"{inputs['bucketPrefix']}0123456789"
            return {"bucket": bucket, "arn": f"arn:aws:s3:::{bucket}"}
        case "aws:sqs/queue:Queue":
            return {
                "url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",
                "arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
            }
        case "aws:ssm/parameter:Parameter":
            return {"arn": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"}
        case "aws:cloudwatch/logGroup:LogGroup":
            return {"arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"}
        case "aws:cloudwatch/eventRule:EventRule":
            return {"arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"}
        case "aws:iam/role:Role":
            return {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}
        case "aws:lambda/function:Function":
            return {"arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"}
        case "aws:lambda/layerVersion:LayerVersion":
            return {"arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}:1"}
        case "aws:sns/topic:Topic":
            return {"arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"}
        case _:
            return {}


class _Monitor(mocks.MockMonitor):
    """Keeps the raw requests: the mocks alone never see parents, dependencies and options."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(_Provider())
        self._graph = graph
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's word
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
            plain, secret = _unwrapped(inputs)
            with self._lock:
                self._graph.registrations.append(
                    Registration(
                        type=request.type,
                        name=request.name,
                        custom=request.custom,
                        parent=request.parent.rpartition("::")[2],
                        inputs=plain,
                        secret_inputs=secret,
                        dependencies=frozenset(
                            urn.rpartition("::")[2] for urn in request.dependencies
                        ),
                        retained=request.retainOnDelete,
                        deleted_before_replace=request.deleteBeforeReplace,
                    )
                )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the engine's word
        if "pulumi:pulumi:Stack" in request.urn:
            self._graph.outputs.update(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)


def _unwrapped(inputs: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Take the secret mark off the inputs, and tell which of them had it, at whatever depth."""
    plain = {key: _bare(value) for key, value in inputs.items()}
    return plain, frozenset(key for key, value in inputs.items() if _holds_secret(value))


def _bare(value: Any) -> Any:
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if isinstance(value, pulumi.FileArchive):
        return {"archive": Path(value.path).name}
    return value


def _holds_secret(value: Any) -> bool:
    if rpc.is_rpc_secret(value):
        return True
    if isinstance(value, dict):
        return any(map(_holds_secret, value.values()))
    return isinstance(value, list) and any(map(_holds_secret, value))


def project_defaults() -> dict[str, str]:
    """Give the defaults of Pulumi.yaml as the engine hands them to a program."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return {
        f"snapper:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in (
            (key, declared.get("default")) for key, declared in project["config"].items()
        )
        if value is not None
    }


def record(stage: str = "prod", **config: str) -> Graph:
    """Run the program for a stage; the config goes over the defaults and the two secrets."""
    graph = Graph()
    given = {f"snapper:{key}": value for key, value in config.items()}
    contextvars.copy_context().run(_run, graph, stage, {**project_defaults(), **SECRETS, **given})
    return graph


def _run(graph: Graph, stage: str, config: dict[str, str]) -> None:
    set_all_config(config, list(SECRETS))
    set_mocks(_Provider(), project="snapper", stack=stage, monitor=_Monitor(graph))
    set_root_resource(None)
    asyncio.run(
        run_in_stack(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"))
    )
