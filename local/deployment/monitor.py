"""What Pulumi's engine is to a program: here it makes each resource in the embedded cloud.

The program talks to a monitor, registering resources with it and getting their outputs back; order
and dependencies are the SDK's own doing. Pulumi's test double does this for tests with invented
outputs; ours makes the resource and gives the real ones.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]  # no stubs
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from local.deployment.resources import ADOPTERS, HANDLERS, LOOKUPS
from local.deployment.resources.request import Created, Inputs, Request
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.errors import SnapperError

STACK = "pulumi:pulumi:Stack"


class DeployFailed(SnapperError):
    """The program could not be deployed onto the embedded cloud, or not be destroyed there."""


@dataclass(frozen=True)
class Registration:
    """One resource as the program wanted it, and as it became; `inputs` hold secrets in clear."""

    type: str
    name: str
    urn: str
    identifier: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    retained: bool
    destroy: Callable[[], object]


class CloudMonitor(MockMonitor):
    """Makes what the program registers; keeps `registrations` in the order they came to exist."""

    def __init__(self, cloud: Cloud, host: LambdaHost) -> None:
        super().__init__(mocks=None)  # type: ignore[arg-type]  # we answer ourselves
        self._cloud = cloud
        self._host = host
        self._lock = threading.Lock()
        self.registrations: list[Registration] = []
        self.outputs: dict[str, Any] = {}
        self.failures: list[DeployFailed] = []

    # The SDK calls these from several threads at once, hence the lock; the names are gRPC's.

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802, ANN401  gRPC's
        """Make one resource; a component or the stack itself is only a name."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        try:
            made = self._make(urn, request)
        except Exception as error:
            failure = DeployFailed(f"{request.type} {request.name} was not made: {error}")
            with self._lock:
                self.failures.append(failure)
            raise failure from error
        # What is not given back would be None in the program, so its own inputs come along, as
        # they came: a secret remains one.
        answer = struct_pb2.Struct()
        answer.CopyFrom(request.object)
        answer.update(made.outputs)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=made.identifier, object=answer)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802, ANN401  gRPC's
        """Keep what the program exports."""
        if f"::{STACK}::" in request.urn:
            self.outputs = plain(rpc.deserialize_properties(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802, ANN401  gRPC's
        """Look something up in the cloud, if it is one of the few things that the program asks."""
        if not (look_up := LOOKUPS.get(request.tok)):
            raise self._unknown(request.tok)
        answer = struct_pb2.Struct()
        answer.update({"id": "-", **look_up(self._cloud, rpc.deserialize_properties(request.args))})
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def ReadResource(self, request: Any) -> Any:  # noqa: N802, ANN401  gRPC's
        """Refuse: nothing exists here that the program did not make."""
        raise self._unknown(request.type)

    def _make(self, urn: str, request: Any) -> Registration:  # noqa: ANN401  gRPC has no types
        wanted = plain(rpc.deserialize_properties(request.object))
        inputs = Inputs(wanted)
        made = self._come_by(Request(request.name, inputs, self._cloud, self._host), request)
        registration = Registration(
            type=request.type,
            name=request.name,
            urn=urn,
            identifier=made.identifier,
            inputs=wanted,
            outputs=made.outputs,
            retained=request.retainOnDelete,
            destroy=made.destroy,
        )
        with self._lock:
            self.registrations.append(registration)
        if inputs.unread:
            raise DeployFailed(f"inputs not applied locally: {', '.join(inputs.unread)}")
        return registration

    def _come_by(self, resource: Request, asked: Any) -> Created:  # noqa: ANN401  gRPC has no types
        """Make the resource, or take over the one that the program names."""
        if not asked.importId and (make := HANDLERS.get(asked.type)):
            return make(resource)
        if asked.importId and (adopt := ADOPTERS.get(asked.type)):
            return adopt(resource, asked.importId)
        raise self._unknown(asked.type)

    def _unknown(self, token: str) -> DeployFailed:
        return DeployFailed(
            f"{token} is not known to the embedded cloud",
            hint="teach it in local/deployment/resources/",
        )


def plain(value: Any) -> Any:  # noqa: ANN401 (any JSON value, or an archive)
    """Give a value without Pulumi's secret markers, and whole numbers as such.

    Every number crosses the wire as a double.
    """
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
