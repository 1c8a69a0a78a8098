"""SQS: queues and their policies."""

from functools import partial
from typing import Any

from local.deployment.resources.request import Created, Handler, Request, nothing


def queue(request: Request) -> Created:
    """Make a queue."""
    sqs, inputs, name = request.cloud.client("sqs"), request.inputs, request.physical_name()
    attributes = inputs.take(
        DelaySeconds="delaySeconds",
        KmsDataKeyReusePeriodSeconds="kmsDataKeyReusePeriodSeconds",
        KmsMasterKeyId="kmsMasterKeyId",
        MaximumMessageSize="maxMessageSize",
        MessageRetentionPeriod="messageRetentionSeconds",
        Policy="policy",
        ReceiveMessageWaitTimeSeconds="receiveWaitTimeSeconds",
        RedriveAllowPolicy="redriveAllowPolicy",
        RedrivePolicy="redrivePolicy",
        SqsManagedSseEnabled="sqsManagedSseEnabled",
        VisibilityTimeout="visibilityTimeoutSeconds",
    )
    url = sqs.create_queue(
        QueueName=name,
        Attributes={key: _text(value) for key, value in attributes.items()},
        tags=inputs.get("tags", {}),
    )["QueueUrl"]
    arn = f"arn:aws:sqs:{request.cloud.region}:{request.cloud.account}:{name}"
    return Created(
        url, partial(sqs.delete_queue, QueueUrl=url), {"url": url, "arn": arn, "name": name}
    )


def _attribute(theirs: str, ours: str) -> Handler:
    """Make a handler for an attribute that Pulumi has as a resource of its own."""

    def set_attribute(request: Request) -> Created:
        sqs, url = request.cloud.client("sqs"), request.inputs["queueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=request.inputs.take(**{theirs: ours}))
        return Created(url, nothing)

    return set_attribute


def _text(value: Any) -> str:  # noqa: ANN401 (a text, number or truth)
    """Write an attribute's value as SQS has all of them: as a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


HANDLERS: dict[str, Handler] = {
    "aws:sqs/queue:Queue": queue,
    "aws:sqs/queuePolicy:QueuePolicy": _attribute("Policy", "policy"),
    "aws:sqs/redrivePolicy:RedrivePolicy": _attribute("RedrivePolicy", "redrivePolicy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _attribute(
        "RedriveAllowPolicy", "redriveAllowPolicy"
    ),
}
