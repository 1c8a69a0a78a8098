"""Who is subscribed to the alarms, as SNS tells it."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local.emulator.cloud import Cloud
from snapper.aws.topic import Topic
from snapper.errors import AwsFailed
from snapper.values.subscription import Subscription

ARN = "arn:aws:sns:eu-central-1:123456789012:snapper-prod-alarms"


@pytest.fixture
def scripted() -> Any:
    client = boto3.client(
        "sns", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield client, stubber


def listed(endpoint: str, arn: str) -> dict[str, str]:
    return {"SubscriptionArn": arn, "Endpoint": endpoint, "Protocol": "email", "TopicArn": ARN}


def test_every_page_is_read_and_who_has_not_confirmed_is_told_apart(scripted: Any) -> None:
    client, stubber = scripted
    first = {"Subscriptions": [listed("a@example.com", f"{ARN}:1")], "NextToken": "more"}
    second = {"Subscriptions": [listed("b@example.com", "PendingConfirmation")]}
    stubber.add_response("list_subscriptions_by_topic", first, {"TopicArn": ARN})
    stubber.add_response(
        "list_subscriptions_by_topic", second, {"TopicArn": ARN, "NextToken": "more"}
    )
    assert Topic(ARN, client).subscriptions() == [
        Subscription("a@example.com", confirmed=True),
        Subscription("b@example.com", confirmed=False),
    ]


def test_who_may_not_ask_is_told_the_right_and_where_to_get_it(scripted: Any) -> None:
    client, stubber = scripted
    stubber.add_client_error("list_subscriptions_by_topic", "AuthorizationError", "not you")
    with pytest.raises(AwsFailed, match="sns:ListSubscriptionsByTopic of snapper-prod") as told:
        Topic(ARN, client).subscriptions()
    assert "snapper policy" in told.value.hint


def test_the_embedded_cloud_tells_it_as_aws_does(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    arn = sns.create_topic(Name="overheard")["TopicArn"]
    assert Topic(arn, sns).subscriptions() == []
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")
    sns.subscribe(TopicArn=arn, Protocol="https", Endpoint="https://127.0.0.1:1/x")
    assert Topic(arn, sns).subscriptions() == [
        Subscription("a@example.com", confirmed=True),
        Subscription("https://127.0.0.1:1/x", confirmed=False),
    ]
    sns.delete_topic(TopicArn=arn)
