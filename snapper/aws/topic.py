"""The topic that the alarms and the watcher publish to, and who is subscribed to it."""

from typing import Any, Self

from snapper.aws import client as aws
from snapper.values.subscription import Subscription

_PENDING = "PendingConfirmation"
"""What stands where a subscription would have its ARN. Source: Amazon SNS API reference."""


class Topic:
    """One SNS topic; raises AwsFailed."""

    def __init__(self, arn: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self._arn = arn
        self._client = client

    @classmethod
    def connect(cls, arn: str) -> Self:
        """Open the topic with the credentials and region of the environment."""
        return cls(arn, aws.client("sns"))

    def subscriptions(self) -> list[Subscription]:
        """Give who is subscribed, and who has been asked and has not confirmed it yet."""
        pages = self._client.get_paginator("list_subscriptions_by_topic")
        with aws.translated(f"sns:ListSubscriptionsByTopic of {self._arn.rpartition(':')[2]}"):
            return [
                Subscription(each["Endpoint"], confirmed=each["SubscriptionArn"] != _PENDING)
                for page in pages.paginate(TopicArn=self._arn)
                for each in page["Subscriptions"]
            ]

    def publish(self, subject: str, text: str) -> None:
        """Tell it to all who are subscribed."""
        with aws.translated(f"sns:Publish to {self._arn.rpartition(':')[2]}"):
            self._client.publish(TopicArn=self._arn, Subject=subject, Message=text)
