"""No right of the watcher is superfluous: without any one of them it says so, or sees nothing.

As in test_iam.py, every statement, action and resource of its role is taken away, one at a time.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key, trial_key
from snapper.values.options import Options
from tests.reliability.test_iam import (
    BY_PARTS_AND_WHOLE,
    NAMED,
    NAMED_BY_AWS,
    Weaken,
    assert_nothing_is_superfluous,
    cold_start,
    heard,
)
from tests.support.backups import store
from tests.support.cloud import invoke
from tests.support.deployments import NOWHERE
from tests.support.stage import StageUnderTest
from tests.support.topics import subscribed

DENIED = (NAMED_BY_AWS, "AuthorizationError")
"""What AWS calls it; the second is SNS's own word."""


@BY_PARTS_AND_WHOLE
@pytest.mark.long
def test_the_watcher_needs_every_right_it_has(stage: StageUnderTest, weaken: Weaken) -> None:
    watcher, aged = stage.deployment.outputs["watcher"], Options(max_age_hours=1)
    days = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in itertools.count())

    def signs() -> set[str]:
        at = next(days)
        # Whom the topic was told of already it would not be told of again.
        stage.forget("overdue")
        store(stage.vault, datetime.now(UTC).replace(microsecond=0), "overdue")
        invoke(stage.cloud, watcher, {})
        cold_start(stage, watcher)
        stage.forget("overdue")
        # All records that there may be.
        for number, kind in enumerate((Kind.VERIFICATION, Kind.DAMAGED)):
            store(stage.vault, at - timedelta(days=number), "overdue")
            of = at - timedelta(days=number)
            stage.vault.put(object_key("overdue", of, kind), f"{kind} of {at}".encode())
        stage.vault.put(trial_key("overdue"), f"trial of {at}".encode())
        somebody.told()
        began = datetime.now(UTC)
        answer = invoke(stage.cloud, watcher, {})
        seen = set() if "overdue" in answer.get("late", ()) else {"the event failed"}
        told = "\n".join(each for each in told_since(stage, watcher, began) if "summary." in each)
        heard_of = [text for _, text in somebody.told() if "overdue" in text]
        if any(word in f"{answer.get('errorMessage', '')}{told}{heard_of}" for word in DENIED):
            seen.add(NAMED)
        if not heard_of:
            seen.add("nobody was told")
        if "backup.late" not in heard(stage, watcher, write_time(at)):
            seen.add("its log tells of no late database")
        if "summary.kept" not in told:
            seen.add("its log tells of no summary")
        return seen

    topic = stage.deployment.outputs["topic"]
    with subscribed(stage.cloud, topic) as somebody, stage.database("overdue", NOWHERE, 1, aged):
        assert_nothing_is_superfluous(stage, watcher, weaken, signs)


def told_since(stage: StageUnderTest, function: str, began: datetime) -> Iterator[str]:
    """All that CloudWatch Logs holds of a function since then."""
    pages = stage.cloud.client("logs").get_paginator("filter_log_events")
    since = int(began.timestamp() * 1000)
    for page in pages.paginate(logGroupName=f"/aws/lambda/{function}", startTime=since):
        yield from (event["message"] for event in page["events"])
