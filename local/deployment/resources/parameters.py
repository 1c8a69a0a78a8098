"""SSM Parameter Store."""

from functools import partial

from local.deployment.resources.request import Created, Handler, Request


def parameter(request: Request) -> Created:
    """Make a parameter; its value is encrypted if its type says so."""
    ssm, inputs, name = request.cloud.client("ssm"), request.inputs, request.physical_name()
    made = ssm.put_parameter(
        Name=name,
        Tags=inputs.tags(),
        **inputs.take(
            Value="value",
            Type="type",
            Tier="tier",
            KeyId="keyId",
            Description="description",
            DataType="dataType",
            AllowedPattern="allowedPattern",
        ),
    )
    arn = f"arn:aws:ssm:{request.cloud.region}:{request.cloud.account}:parameter/{name.lstrip('/')}"
    outputs = {"arn": arn, "name": name, "version": made["Version"]}
    return Created(name, partial(ssm.delete_parameter, Name=name), outputs)


HANDLERS: dict[str, Handler] = {"aws:ssm/parameter:Parameter": parameter}
