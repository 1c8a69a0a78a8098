"""The watcher tells what is late now, and fails aloud where it cannot see it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.watcher import handler
from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, SettingsError
from snapper.values.options import Options
from tests.support.backups import store
from tests.support.events import SCHEDULED, Context

AGED = Options(max_age_hours=1)


@pytest.fixture
def watching(home: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
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


def test_a_bucket_that_cannot_be_listed_is_told_of_and_measures_nothing(
    configure_options: Callable[..., None],
    watching: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SNAPPER_BUCKET", "no-such-bucket")
    configure_options(orders=AGED)
    with pytest.raises(AwsFailed, match="NoSuchBucket"):
        handler({}, Context())
    told = said()
    assert told.log("watch.failed")["level"] == "ERROR"
    assert told.measured("Late") == []


def test_without_its_settings_it_fails(stage: str) -> None:
    with pytest.raises(SettingsError, match="SNAPPER_BUCKET, SNAPPER_SCHEDULE not set"):
        handler({}, Context())
