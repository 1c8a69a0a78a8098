"""The watcher measures of how many databases the newest backup was not copied, and names each."""

import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.watcher import handler
from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.values.options import Options
from snapper.verbs import copies
from tests.support.backups import store
from tests.support.events import SCHEDULED, Context
from tests.support.topics import subscribed

_NUMBERS = itertools.count(1)
UNWATCHED = Options(max_age_hours=8784)


@pytest.fixture
def replica(home: Vault, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Give an empty second bucket of the stage, where everything should have come at once."""
    s3, bucket = cloud.client("s3"), f"copies-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=bucket)
    monkeypatch.setenv("SNAPPER_SCHEDULE", "rate(1 day)")
    monkeypatch.setenv("SNAPPER_REPLICA", bucket)
    monkeypatch.setenv("SNAPPER_REPLICA_REGION", cloud.region)
    monkeypatch.setattr(copies, "ALLOWED", timedelta(0))
    return Vault(bucket, s3)


def test_what_is_not_copied_is_measured_and_named_once(
    configure_options: Callable[..., None],
    home: Vault,
    replica: Vault,
    said: Callable[[], Any],
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure_options(orders=UNWATCHED, people=UNWATCHED)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    made = store(home, at, "orders")
    for stored in (store(home, at, "people"),):
        for key in (stored.key, stored.dump_key):
            replica.put(key, home.read(key))
    logs, group = cloud.client("logs"), f"/aws/lambda/copies-{next(_NUMBERS)}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="all")
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", group)
    topic = cloud.client("sns").create_topic(Name=f"copies-{next(_NUMBERS)}")["TopicArn"]
    monkeypatch.setenv("SNAPPER_TOPIC", topic)
    with subscribed(cloud, topic) as somebody:
        handler(SCHEDULED, Context())
        told = said()
        now = int(time.time() * 1000)
        lines = [{"timestamp": now, "message": json.dumps(line)} for line in told.logs]
        logs.put_log_events(logGroupName=group, logStreamName="all", logEvents=lines)
        assert told.measured("ReplicaBehind") == [[1.0]]
        assert told.measured("Late") == [[0.0]]
        behind = told.log("replica.behind")
        assert (behind["database"], behind["level"], behind["told"]) == ("orders", "WARNING", True)
        assert f"has no {made.key}" in behind["reason"]
        ((subject, text),) = somebody.told()
        assert subject.endswith(": orders lags")
        assert f"has no {made.key}" in text
        handler(SCHEDULED, Context())
        assert somebody.told() == []
        assert said().measured("ReplicaBehind") == [[1.0]]


def test_a_second_bucket_that_cannot_be_listed_measures_nothing_and_keeps_nothing_else_back(
    configure_options: Callable[..., None],
    home: Vault,
    replica: Vault,
    said: Callable[[], Any],
    cloud: Cloud,
) -> None:
    configure_options(orders=UNWATCHED)
    store(home, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1), "orders")
    cloud.client("s3").delete_bucket(Bucket=replica.bucket)
    handler(SCHEDULED, Context())
    told = said()
    assert told.measured("Late") == [[0.0]]
    assert told.measured("ReplicaBehind") == []
    assert (told.log("replica.failed")["level"], "NoSuchBucket") == ("ERROR", "NoSuchBucket")


def test_without_any_database_it_is_measured_all_the_same(
    configure_options: Callable[..., None], replica: Vault, said: Callable[[], Any]
) -> None:
    configure_options()
    assert replica.bucket
    handler(SCHEDULED, Context())
    assert said().measured("ReplicaBehind") == [[0.0]]
