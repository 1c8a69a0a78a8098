"""A stage of many databases, whose schedule fires under faults."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from local.emulator.cloud import Cloud
from snapper.aws.parameters import Parameters
from snapper.aws.queue import JobQueue
from snapper.errors import SnapperError
from snapper.values.job import Job
from snapper.values.secrets import Database
from snapper.values.settings import parameter_root
from snapper.verbs.dispatch import dispatch
from tests.support.databases import AT
from tests.support.fault_calls import Fault, Injection
from tests.support.fault_service import as_function
from tests.support.parameters import store
from tests.support.recording import RecordedEvents


@dataclass(frozen=True)
class Dispatched:
    """What came of one event of the schedule."""

    failure: SnapperError | None
    reported: RecordedEvents
    injection: Injection


@dataclass(frozen=True)
class Schedule:
    """The dispatcher's surroundings: parameters and a queue."""

    cloud: Cloud
    stage: str
    url: str

    @classmethod
    def make(cls, cloud: Cloud, stage: str, keys: Iterable[str]) -> Self:
        """Make a stage that knows these databases."""
        databases = [Database(key, "", 2) for key in keys]
        store(cloud.client("ssm"), parameter_root(stage), databases)
        url = cloud.client("sqs").create_queue(QueueName=stage)["QueueUrl"]
        return cls(cloud, stage, url)

    def fire(self, faults: Sequence[Fault] = ()) -> Dispatched:
        """Do what the dispatcher does, with these faults."""
        reported, injection, failure = RecordedEvents(), Injection(tuple(faults)), None
        with as_function(self.cloud.environment(), injection):
            parameters = Parameters.connect(parameter_root(self.stage))
            queue = JobQueue.connect(self.url)
            queue._sleep = lambda _: None
            try:
                dispatch(AT, parameters, queue, reported)
            except SnapperError as error:
                failure = error
        return Dispatched(failure, reported, injection)

    def drain(self) -> list[Job]:
        """Take all jobs off the queue."""
        jobs: list[Job] = []
        client = self.cloud.client("sqs")
        while found := client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            jobs += [Job.from_json(message["Body"]) for message in found]
            entries = [
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(found)
            ]
            client.delete_message_batch(QueueUrl=self.url, Entries=entries)
        return jobs
