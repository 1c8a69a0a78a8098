"""Lambda: functions, layers, and who calls them.

The emulator keeps what it is given; the functions run in our own LambdaHost, to which the
emulator is pointed by an environment variable that only its own copy of the function has.
"""

import io
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pulumi

from local.deployment.resources.request import Created, Handler, Request, capitalised
from local.runtime.host import Function

PROXY = "MINISTACK_LAMBDA_PROXY_URL"


def layer(request: Request) -> Created:
    """Make a version of a layer; the emulator gets its name only, as it would run nothing of it."""
    client, inputs = request.cloud.client("lambda"), request.inputs
    name, archive = request.physical_name("layerName"), _archive(inputs["code"])
    made = client.publish_layer_version(
        LayerName=name,
        Content={"ZipFile": _sign(f"unpacked from {archive}")},
        **inputs.take(
            CompatibleArchitectures="compatibleArchitectures",
            CompatibleRuntimes="compatibleRuntimes",
            Description="description",
            LicenseInfo="licenseInfo",
        ),
    )
    arn, version = made["LayerVersionArn"], made["Version"]
    request.host.add_layer(arn, archive)
    return Created(
        arn,
        partial(client.delete_layer_version, LayerName=name, VersionNumber=version),
        {"arn": arn, "layerArn": made["LayerArn"], "version": str(version)},
    )


def function(request: Request) -> Created:
    """Make a function, in the emulator and in the host that runs it."""
    client, inputs, name = request.cloud.client("lambda"), request.inputs, request.physical_name()
    archive = _archive(inputs["code"])
    environment: Mapping[str, str] = inputs.get("environment", {}).get("variables", {})
    installed = Function(
        name=name,
        handler=inputs["handler"],
        archive=archive,
        role=inputs["role"],
        timeout=inputs.get("timeout", Function.timeout),
        memory=inputs.get("memorySize", Function.memory),
        environment=environment,
        layers=tuple(request.host.layer(arn) for arn in inputs.get("layers", [])),
    )
    made = client.create_function(
        FunctionName=name,
        Handler=installed.handler,
        Role=installed.role,
        Timeout=installed.timeout,
        MemorySize=installed.memory,
        Code={"ZipFile": archive.read_bytes()},
        Environment={"Variables": {**environment, PROXY: request.host.url(name)}},
        Tags=inputs.get("tags", {}),
        **inputs.take(
            Architectures="architectures",
            Description="description",
            KMSKeyArn="kmsKeyArn",
            Layers="layers",
            PackageType="packageType",
            Runtime="runtime",
        ),
        **capitalised(
            inputs.take(
                deadLetterConfig="deadLetterConfig",
                ephemeralStorage="ephemeralStorage",
                loggingConfig="loggingConfig",
                tracingConfig="tracingConfig",
                vpcConfig="vpcConfig",
            )
        ),
    )
    if limit := inputs.take(ReservedConcurrentExecutions="reservedConcurrentExecutions"):
        client.put_function_concurrency(FunctionName=name, **limit)
    request.host.install(installed)

    def destroy() -> None:
        client.delete_function(FunctionName=name)
        request.host.remove(name)

    arn = made["FunctionArn"]
    outputs = {
        "arn": arn,
        "name": name,
        "version": made["Version"],
        "qualifiedArn": f"{arn}:$LATEST",
    }
    return Created(name, destroy, outputs)


def event_source_mapping(request: Request) -> Created:
    """Have a function called for what arrives in a queue."""
    client, inputs = request.cloud.client("lambda"), request.inputs
    made = client.create_event_source_mapping(
        Tags=inputs.get("tags", {}),
        **inputs.take(
            BatchSize="batchSize",
            Enabled="enabled",
            EventSourceArn="eventSourceArn",
            FunctionName="functionName",
            FunctionResponseTypes="functionResponseTypes",
            MaximumBatchingWindowInSeconds="maximumBatchingWindowInSeconds",
        ),
        **capitalised(inputs.take(scalingConfig="scalingConfig", filterCriteria="filterCriteria")),
    )
    uuid = made["UUID"]
    outputs = {"uuid": uuid, "functionArn": made["FunctionArn"]}
    return Created(uuid, partial(client.delete_event_source_mapping, UUID=uuid), outputs)


def permission(request: Request) -> Created:
    """Let another service call a function."""
    client, inputs = request.cloud.client("lambda"), request.inputs
    called, statement = inputs["function"], request.physical_name("statementId")
    client.add_permission(
        FunctionName=called,
        StatementId=statement,
        **inputs.take(
            Action="action",
            Principal="principal",
            SourceAccount="sourceAccount",
            SourceArn="sourceArn",
        ),
    )
    return Created(
        statement,
        partial(client.remove_permission, FunctionName=called, StatementId=statement),
        {"statementId": statement},
    )


def event_invoke_config(request: Request) -> Created:
    """Say what becomes of an event that a function failed on."""
    client, inputs = request.cloud.client("lambda"), request.inputs
    called = inputs["functionName"]
    client.put_function_event_invoke_config(
        FunctionName=called,
        **inputs.take(
            MaximumEventAgeInSeconds="maximumEventAgeInSeconds",
            MaximumRetryAttempts="maximumRetryAttempts",
        ),
        **capitalised(inputs.take(destinationConfig="destinationConfig")),
    )
    return Created(called, partial(client.delete_function_event_invoke_config, FunctionName=called))


def _archive(code: Any) -> Path:  # noqa: ANN401 (any of Pulumi's assets and archives)
    if not isinstance(code, pulumi.FileArchive):
        raise TypeError("the code must be a ready zip, given as a pulumi.FileArchive")
    return Path(code.path).resolve()


def _sign(text: str) -> bytes:
    """Make a zip that holds nothing but a note."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("note.txt", text)
    return packed.getvalue()


HANDLERS: dict[str, Handler] = {
    "aws:lambda/layerVersion:LayerVersion": layer,
    "aws:lambda/function:Function": function,
    "aws:lambda/eventSourceMapping:EventSourceMapping": event_source_mapping,
    "aws:lambda/permission:Permission": permission,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": event_invoke_config,
}
