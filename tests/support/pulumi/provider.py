"""A stand-in for Pulumi's AWS provider: the real engine in front, the embedded cloud behind.

Resources are made by our own handlers (`local/deployment/resources`). Like the bridge behind the
real provider it takes no secret markers (the engine puts them back) and compares archives by hash.
What it does not have: the provider's validation and defaults, drift of single properties on
refresh, look-ups. An unknown type, an input that nobody applies, a changed tag: an error, never
silence.
"""

# ruff: noqa: N802 - the methods are named by Pulumi's protocol

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from importlib.metadata import version
from typing import Any, NamedTuple

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.deployment.resources import ADOPTERS, HANDLERS, LOOKUPS
from local.deployment.resources.buckets import empty
from local.deployment.resources.request import Created, Inputs, Request
from local.emulator.cloud import Cloud
from local.loopback import LOOPBACK
from local.runtime.host import LambdaHost
from tests.support.pulumi.kinds import KINDS, kind_of, name_of
from tests.support.pulumi.updates import UPDATES, Change
from tests.support.pulumi.wire import UNKNOWN, changed, read, with_archives, write

BUCKET = "aws:s3/bucket:Bucket"


class Call(NamedTuple):
    """One call that changed something, or failed to: which inputs, but never their values."""

    verb: str
    type: str
    name: str
    keys: tuple[str, ...] = ()
    error: str = ""


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Makes what the engine asks for. `calls` tells what it did, `fail_next` what is to fail."""

    def __init__(self, cloud: Cloud, host: LambdaHost) -> None:
        self._cloud, self._host = cloud, host
        self._made: dict[tuple[str, str], Created] = {}
        self._lock = threading.Lock()
        self.calls: list[Call] = []
        self.fail_next = ""
        """The type whose next resource cannot be made, once."""

    def take_calls(self) -> list[Call]:
        """Give the calls since this was asked last."""
        with self._lock:
            taken, self.calls = self.calls, []
        return taken

    # --- the plugin itself

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, new = read(request.old_inputs or request.olds), read(request.news)
        return _difference(
            ["region"] if old.get("region") != new.get("region") else [], lambda _: 1
        )

    def Configure(self, request: Any, context: Any) -> Any:
        region = read(request.args).get("region") or request.variables.get("aws:config:region")
        if region != self._cloud.region:
            told = f"this cloud is in {self._cloud.region}, not in {region}"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, told)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        if request.tok not in LOOKUPS:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in has no {request.tok}")
        found = LOOKUPS[request.tok](self._cloud, read(request.args))
        return provider_pb2.InvokeResponse(**{"return": write({"id": "-", **found})})

    # --- one resource

    def Check(self, request: Any, context: Any) -> Any:
        if (token := kind_of(request.urn)) not in KINDS:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in does not know {token}")
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        keys = changed(read(request.old_inputs), read(request.news))
        return _difference(keys, KINDS[kind_of(request.urn)].forces_replacement)

    def Create(self, request: Any, context: Any) -> Any:
        token, inputs = kind_of(request.urn), read(request.properties)
        if request.preview:
            computed = KINDS[token].computed.split()
            unknown = {key: UNKNOWN for key in computed if key not in inputs}
            return provider_pb2.CreateResponse(properties=write({**inputs, **unknown}))
        made: Created = self._do(
            context, "create", request.urn, lambda: self._make(request.urn, inputs)
        )
        properties = write({**inputs, **made.outputs})
        return provider_pb2.CreateResponse(id=made.identifier, properties=properties)

    def Update(self, request: Any, context: Any) -> Any:
        new, olds = read(request.news), read(request.olds)
        keys = changed(read(request.old_inputs), new)
        kept = {key: value for key, value in olds.items() if key not in keys}
        if request.preview:
            return provider_pb2.UpdateResponse(properties=write({**kept, **new}))
        outputs = self._do(
            context, "update", request.urn, lambda: self._change(request, new, keys), keys
        )
        return provider_pb2.UpdateResponse(properties=write({**kept, **new, **outputs}))

    def Delete(self, request: Any, context: Any) -> Any:
        olds, key = read(request.properties), (request.urn, request.id)

        def delete() -> None:
            if kind_of(request.urn) == BUCKET:
                # Whether it is forced is what was last said of it, not how it was made.
                if olds.get("forceDestroy"):
                    empty(self._cloud.client("s3"), request.id)
                self._cloud.client("s3").delete_bucket(Bucket=request.id)
            else:
                self._made[key].destroy()
            self._made.pop(key, None)

        self._do(context, "delete", request.urn, delete)
        return empty_pb2.Empty()

    def Read(self, request: Any, context: Any) -> Any:
        token = kind_of(request.urn)
        if not KINDS[token].exists(self._cloud, request.id):
            return provider_pb2.ReadResponse()
        if request.properties.fields:
            return provider_pb2.ReadResponse(
                id=request.id, properties=request.properties, inputs=request.inputs
            )
        if token not in ADOPTERS:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in imports no {token}")
        inputs, outputs = self._do(context, "import", request.urn, lambda: self._adopt(request))
        return provider_pb2.ReadResponse(
            id=request.id, properties=write({**inputs, **outputs}), inputs=write(inputs)
        )

    # --- how

    def _do(
        self, context: Any, verb: str, urn: str, action: Callable[[], Any], keys: Any = ()
    ) -> Any:
        call = Call(verb, kind_of(urn), name_of(urn), tuple(keys))
        try:
            done = action()
        except Exception as error:  # whatever the cloud says is the resource's failure
            self._note(call._replace(error=type(error).__name__))
            context.abort(grpc.StatusCode.UNKNOWN, f"{verb} {call.name}: {error}")
        self._note(call)
        return done

    def _note(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def _make(self, urn: str, values: dict[str, Any]) -> Created:
        if self.fail_next == kind_of(urn):
            self.fail_next = ""
            raise RuntimeError("made to fail once")
        return self._put(urn, values)

    def _put(self, urn: str, values: dict[str, Any]) -> Created:
        """Make it, or put it again, by our own handler."""
        inputs = Inputs(with_archives(values))
        made = HANDLERS[kind_of(urn)](Request(name_of(urn), inputs, self._cloud, self._host))
        self._made[urn, made.identifier] = made
        if inputs.unread:
            raise ValueError(f"inputs not applied: {', '.join(inputs.unread)}")
        return made

    def _change(self, request: Any, new: dict[str, Any], keys: list[str]) -> Any:
        if not (update := UPDATES.get(kind_of(request.urn))):
            if "tags" in keys:
                raise NotImplementedError("the stand-in changes no tags")
            return self._put(request.urn, new).outputs
        change = Change(request.id, with_archives(new), frozenset(keys), self._cloud, self._host)
        return update(change) or {}

    def _adopt(self, request: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """Give the inputs and outputs that the provider reads of a bucket that it has not made."""
        found = self._cloud.client("s3").get_bucket_tagging(Bucket=request.id)["TagSet"]
        tags = {tag["Key"]: tag["Value"] for tag in found}
        inputs = {"bucket": request.id, "forceDestroy": False, "tags": tags}
        adopted = Request(name_of(request.urn), Inputs(inputs), self._cloud, self._host)
        return inputs, ADOPTERS[BUCKET](adopted, request.id).outputs


def _difference(keys: list[str], replaces: Callable[[str], object]) -> Any:
    """Tell the engine which inputs differ, and which of them force a new resource."""
    forced = [key for key in keys if replaces(key)]
    change, replacement = provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.UPDATE_REPLACE
    detailed = {
        key: provider_pb2.PropertyDiff(
            kind=replacement if key in forced else change, inputDiff=True
        )
        for key in keys
    }
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME
        if keys
        else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=keys,
        replaces=forced,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


@contextlib.contextmanager
def serve(provider: Provider) -> Iterator[int]:
    """Let engines of this machine call the provider; gives the port."""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(32), options=unlimited)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(1).wait()
