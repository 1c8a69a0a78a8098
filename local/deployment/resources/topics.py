"""SNS: topics, their policies and subscribers."""

from functools import partial

from local.deployment.resources.request import Created, Handler, Request, nothing


def topic(request: Request) -> Created:
    """Make a topic."""
    sns, inputs, name = request.cloud.client("sns"), request.inputs, request.physical_name()
    attributes = inputs.take(
        DisplayName="displayName", KmsMasterKeyId="kmsMasterKeyId", Policy="policy"
    )
    arn = sns.create_topic(Name=name, Attributes=attributes, Tags=inputs.tags())["TopicArn"]
    return Created(arn, partial(sns.delete_topic, TopicArn=arn), {"arn": arn, "name": name})


def topic_policy(request: Request) -> Created:
    """Say who may publish to a topic."""
    sns, inputs = request.cloud.client("sns"), request.inputs
    arn, policy = inputs["arn"], inputs["policy"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return Created(arn, nothing)


def subscription(request: Request) -> Created:
    """Subscribe somebody to a topic."""
    sns, inputs = request.cloud.client("sns"), request.inputs
    arn = sns.subscribe(
        ReturnSubscriptionArn=True,
        **inputs.take(TopicArn="topic", Protocol="protocol", Endpoint="endpoint"),
    )["SubscriptionArn"]
    return Created(arn, partial(sns.unsubscribe, SubscriptionArn=arn), {"arn": arn})


HANDLERS: dict[str, Handler] = {
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicPolicy:TopicPolicy": topic_policy,
    "aws:sns/topicSubscription:TopicSubscription": subscription,
}
