"""The dispatcher queues the jobs of the event's own time, or fails aloud."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.dispatcher import handler
from local.emulator.cloud import Cloud
from snapper.errors import AwsFailed, SettingsError
from tests.support.events import SCHEDULED, Context


@pytest.fixture
def jobs(cloud: Cloud, stage: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """Give what is on the stage's queue, as raw messages, and take it off."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"{stage}-jobs")["QueueUrl"]
    monkeypatch.setenv("SNAPPER_QUEUE_URL", url)

    def receive() -> list[Any]:
        found: list[Any] = []
        while page := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += page
            for message in page:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return receive


def bodies(messages: list[Any]) -> list[dict[str, Any]]:
    return sorted(
        (json.loads(message["Body"]) for message in messages), key=lambda body: body["database"]
    )


def test_every_database_is_queued_with_the_events_own_time(
    configure: Callable[..., None], jobs: Callable[[], list[Any]], said: Callable[[], Any]
) -> None:
    for number in range(13):
        configure(f"database-{number:02}", "postgresql://u:hush-hush@h/d")
    assert handler(SCHEDULED, Context()) == {"queued": 13}
    queued = jobs()
    assert bodies(queued) == [
        {
            "version": 1,
            "database": f"database-{number:02}",
            "scheduled_at": "2026-11-23T03:00:00Z",
        }
        for number in range(13)
    ]
    assert "hush-hush" not in json.dumps(queued, default=str)
    assert said().messages() == ["job.queued"] * 13


def test_an_event_that_is_repeated_asks_for_the_same_backups(
    configure: Callable[..., None], jobs: Callable[[], list[Any]], said: Callable[[], Any]
) -> None:
    configure("orders", "host=h")
    handler(SCHEDULED, Context())
    first = bodies(jobs())
    handler(SCHEDULED, Context())
    assert bodies(jobs()) == first


def test_a_run_by_hand_has_the_time_of_now(
    configure: Callable[..., None], jobs: Callable[[], list[Any]], said: Callable[[], Any]
) -> None:
    configure("orders", "host=h")
    handler({}, Context())
    (body,) = bodies(jobs())
    assert body["scheduled_at"] > "2026-"


def test_a_queue_that_is_gone_fails_the_event(
    configure: Callable[..., None],
    jobs: Callable[[], list[Any]],
    cloud: Cloud,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure("orders", "host=h")
    monkeypatch.setattr("snapper.aws.queue._SENDINGS", 1)
    monkeypatch.setenv("SNAPPER_QUEUE_URL", f"{cloud.endpoint_url}/{cloud.account}/gone")
    with pytest.raises(AwsFailed, match="orders"):
        handler(SCHEDULED, Context())
    told = said().log("dispatch.failed")
    assert (told["level"], told["kind"]) == ("ERROR", "AwsFailed")


def test_a_stage_without_databases_fails_the_event(
    jobs: Callable[[], list[Any]], said: Callable[[], Any]
) -> None:
    with pytest.raises(SettingsError, match="no database"):
        handler(SCHEDULED, Context())
    assert said().messages() == ["dispatch.failed"]
