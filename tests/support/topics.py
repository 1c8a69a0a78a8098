"""Somebody who is subscribed to a topic of the embedded cloud, and what they are told."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.emulator.cloud import Cloud
from tests.support.cloud import allow, document


@dataclass(frozen=True)
class Subscriber:
    """A queue that is subscribed to a topic."""

    sqs: Any
    url: str

    def told(self) -> list[tuple[str, str]]:
        """Give the subjects and texts that have come since the last time."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for each in messages:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
                body = json.loads(each["Body"])
                found.append((body["Subject"], body["Message"]))
        return found

    def subjects(self) -> list[str]:
        """Give the subjects alone."""
        return [subject for subject, _ in self.told()]


@contextmanager
def subscribed(cloud: Cloud, topic: str) -> Iterator[Subscriber]:
    """Subscribe somebody for a while."""
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    name = f"hears-{uuid.uuid4().hex}"
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:{name}"
    allowed = {
        **allow("sqs:SendMessage", arn),
        "Principal": {"Service": "sns.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": document(allowed)})["QueueUrl"]
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    try:
        yield Subscriber(sqs, url)
    finally:
        sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=url)
