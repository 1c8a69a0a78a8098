"""The watcher tells what is late now, and fails aloud where it cannot see it."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.watcher import handler
from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.errors import AwsDenied, AwsFailed, SettingsError
from snapper.values.options import Options
from snapper.values.summary import unpack
from tests.support.backups import store
from tests.support.events import SCHEDULED, Context
from tests.support.topics import Subscriber, subscribed

AGED = Options(max_age_hours=1)
_NUMBERS = itertools.count(1)


@pytest.fixture
def subscriber(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subscriber]:
    """Give who is subscribed to the topic that the watcher tells."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=f"watched-{next(_NUMBERS)}")["TopicArn"]
    monkeypatch.setenv("SNAPPER_TOPIC", topic)
    with subscribed(cloud, topic) as somebody:
        yield somebody
    sns.delete_topic(TopicArn=topic)


@pytest.fixture
def own_log(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Give what puts into the function's log what it has said, as Lambda does."""
    logs, group = cloud.client("logs"), f"/aws/lambda/watched-{next(_NUMBERS)}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="all")
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", group)

    def put(told: Any) -> None:
        now = int(time.time() * 1000)
        lines = [{"timestamp": now, "message": json.dumps(line)} for line in told.logs]
        logs.put_log_events(logGroupName=group, logStreamName="all", logEvents=lines)

    return put


@pytest.fixture
def watching(
    home: Vault,
    monkeypatch: pytest.MonkeyPatch,
    subscriber: Subscriber,
    own_log: Callable[[Any], None],
) -> Vault:
    monkeypatch.setenv("SNAPPER_SCHEDULE", "rate(1 day)")
    return home


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)


def test_every_late_database_is_named_in_the_log_and_their_number_measured(
    configure_options: Callable[..., None], watching: Vault, said: Callable[[], Any]
) -> None:
    configure_options(orders=AGED, people=AGED, usual=Options())
    store(watching, hours_ago(2), "orders")
    store(watching, hours_ago(0.5), "people")
    store(watching, hours_ago(30), "usual")
    assert handler(SCHEDULED, Context()) == {"late": ["orders"]}
    told = said()
    assert (told.log("backup.late")["database"], told.log("backup.late")["level"]) == (
        "orders",
        "WARNING",
    )
    assert told.measured("Late") == [[1.0]]
    (metric,) = told.metrics
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stage"]]


def test_a_database_that_was_just_deployed_is_not_late_before_its_first_backup(
    configure_options: Callable[..., None], watching: Vault, said: Callable[[], Any]
) -> None:
    configure_options(orders=AGED, people=Options())
    assert handler({}, Context()) == {"late": []}
    assert said().measured("Late") == [[0.0]]


def test_the_stages_own_word_counts(
    configure_options: Callable[..., None], watching: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAPPER_LATE_AFTER_HOURS", "48")
    configure_options(orders=Options())
    store(watching, hours_ago(47))
    assert handler({}, Context()) == {"late": []}
    monkeypatch.setenv("SNAPPER_LATE_AFTER_HOURS", "46")
    assert handler({}, Context()) == {"late": ["orders"]}


def test_two_that_are_late_one_after_the_other_are_both_named_to_the_topic(
    configure_options: Callable[..., None],
    watching: Vault,
    said: Callable[[], Any],
    subscriber: Subscriber,
    own_log: Callable[[Any], None],
) -> None:
    configure_options(orders=AGED, people=AGED)
    store(watching, hours_ago(2), "orders")
    store(watching, hours_ago(0.5), "people")
    handler({}, Context())
    own_log(said())
    ((subject, text),) = subscriber.told()
    assert subject.endswith(": orders late")
    assert "bin/snapper status orders --stage stage-" in text
    for stored in list(watching.list("people/")):
        watching.delete(stored.key)
    store(watching, hours_ago(3), "people")
    assert handler({}, Context()) == {"late": ["orders", "people"]}
    own_log(said())
    assert [each.rpartition(": ")[2] for each in subscriber.subjects()] == ["people late"]
    handler({}, Context())
    assert subscriber.told() == []


def test_a_topic_that_is_gone_is_told_of_and_all_is_measured_and_the_summaries_are_kept(
    configure_options: Callable[..., None],
    watching: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SNAPPER_TOPIC", "arn:aws:sns:us-east-1:000000000000:gone")
    monkeypatch.setenv("SNAPPER_SUMMARY", "yes")
    configure_options(orders=AGED)
    store(watching, hours_ago(2), "orders")
    with pytest.raises(AwsFailed, match="sns:Publish to gone failed"):
        handler({}, Context())
    told = said()
    assert told.measured("Late") == [[1.0]]
    assert told.log("backup.late")["told"] is False
    assert "sns:Publish to gone failed" in told.log("watch.failed")["reason"]
    assert told.log("summary.kept")["records"] == 1


def test_a_bucket_that_cannot_be_listed_is_told_of_and_measures_nothing(
    configure_options: Callable[..., None],
    watching: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SNAPPER_BUCKET", "no-such-bucket")
    monkeypatch.setenv("SNAPPER_SUMMARY", "yes")
    configure_options(orders=AGED)
    with pytest.raises(AwsFailed, match="NoSuchBucket"):
        handler({}, Context())
    told = said()
    assert told.log("watch.failed")["level"] == "ERROR"
    assert told.measured("Late") == []
    assert [each["message"] for each in told.logs] == ["watch.failed"]


def test_without_its_settings_it_fails(stage: str) -> None:
    with pytest.raises(SettingsError, match="SNAPPER_BUCKET, SNAPPER_SCHEDULE not set"):
        handler({}, Context())


def test_it_keeps_summaries_where_it_is_to(
    configure_options: Callable[..., None],
    watching: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure_options(orders=AGED)
    made = store(watching, hours_ago(0.5), "orders")
    handler(SCHEDULED, Context())
    assert [*watching.list("_summary/")] == []
    monkeypatch.setenv("SNAPPER_SUMMARY", "yes")
    handler(SCHEDULED, Context())
    told = said().log("summary.kept")
    assert (told["records"], told["read"], told["left"]) == (1, 1, 0)
    (summary,) = watching.list("_summary/")
    assert list(unpack(watching.read(summary.key)).values()) == [made.to_json().encode()]


def test_that_it_cannot_keep_them_is_told_and_what_is_late_is_measured_all_the_same(
    configure_options: Callable[..., None],
    watching: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refusing(_: Vault, key: str, *__: object) -> None:
        raise AwsDenied(f"s3:PutObject of {key} failed: AccessDenied")

    configure_options(orders=AGED)
    store(watching, hours_ago(2), "orders")
    monkeypatch.setenv("SNAPPER_SUMMARY", "yes")
    monkeypatch.setattr(Vault, "put", refusing)
    assert handler(SCHEDULED, Context()) == {"late": ["orders"]}
    told = said()
    assert told.log("summary.failed")["level"] == "ERROR"
    assert told.measured("Late") == [[1.0]]
