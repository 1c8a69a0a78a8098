"""What a container is at work on is known from the logs, until it has an outcome."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from snapper.aws.dead_letters import Letter
from snapper.aws.logs import LogEvent, Logs
from snapper.aws.vault import Vault
from snapper.values.health import Failure
from snapper.values.job import write_time
from snapper.values.schedule import parse_schedule
from snapper.values.timetable import Punctuality
from snapper.verbs.failures import explained
from snapper.verbs.letters import Letters
from snapper.verbs.status import Surroundings, _is_of, drills_handed_over, handed_over, standing
from tests.support.backups import store
from tests.support.databases import AT, job

NOW = AT + timedelta(hours=5)
GROUPS = {
    "/aws/lambda/dumper": [("dump.handed_over", 1), ("dump.failed", 4)],
    "/aws/batch/large": [("dump.began", 2), ("dump.failed", 3)],
}


class CloudWatch:
    """Two log groups, a page each."""

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, logGroupName: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803  boto3's
        lines = [
            {
                "timestamp": int((AT + timedelta(hours=hours)).timestamp() * 1000),
                "message": f'{{"message": "{name}", "database": "orders",'
                f' "scheduled_at": "{write_time(AT)}", "reason": "{logGroupName}"}}',
            }
            for name, hours in GROUPS[logGroupName]
        ]
        return [{"events": lines}]


@pytest.fixture
def logs() -> Logs:
    return Logs(CloudWatch(), *GROUPS)


def around(handed: datetime | None, failure: Failure | None = None) -> Surroundings:
    return Surroundings(
        Punctuality(parse_schedule("rate(1 day)")),
        {"orders": failure} if failure else {},
        Letters(()),
        handed_over={"orders": handed} if handed else {},
    )


def test_the_logs_of_all_who_dump_are_read_as_one(logs: Logs) -> None:
    names = [event.name for event in logs.events(AT)]
    assert names == ["dump.handed_over", "dump.began", "dump.failed", "dump.failed"]


def test_what_was_handed_over_is_known_by_its_database(logs: Logs) -> None:
    assert handed_over(logs, NOW) == {"orders": AT}


def test_a_container_is_at_work_until_the_backup_is_there_or_it_failed(vault: Vault) -> None:
    assert standing(vault, "orders", 2, around(AT), NOW).in_container == AT
    assert standing(vault, "orders", 2, around(None), NOW).in_container is None
    failed = Failure(AT, NOW, "no route")
    assert standing(vault, "orders", 2, around(AT, failed), NOW).in_container is None
    store(vault, AT)
    assert standing(vault, "orders", 2, around(AT), NOW).in_container is None


def test_what_a_container_said_itself_counts_for_more_than_what_batch_says_of_it(
    logs: Logs,
) -> None:
    lost = Letter("1", "x", AT, job=job(), failure=Failure(AT, NOW, "exit status 5"))
    ((_, known),) = explained([lost], logs)
    assert known is not None
    assert known.reason == "/aws/lambda/dumper"
    silent: Any = SimpleNamespace(events=lambda *_: iter(()))
    ((_, known),) = explained([lost], silent)
    assert known == lost.failure


@pytest.mark.parametrize("end", ["drill.ended", "drill.failed", "drill.skipped"])
def test_a_drill_that_was_handed_over_is_under_way_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, vault: Vault, end: str
) -> None:
    monkeypatch.setitem(GROUPS, "/aws/lambda/dumper", [("drill.handed_over", 1)])
    monkeypatch.setitem(GROUPS, "/aws/batch/large", [("drill.began", 2), ("drill.untried", 3)])
    found = drills_handed_over(Logs(CloudWatch(), *GROUPS), NOW)
    assert found == {"orders": AT}
    told = replace(around(None), drills_handed_over=found)
    assert standing(vault, "orders", 2, told, NOW).proving_in_container == AT
    GROUPS["/aws/batch/large"].append((end, 4))
    assert drills_handed_over(Logs(CloudWatch(), *GROUPS), NOW) == {}


def test_the_end_of_another_drill_is_none_of_it() -> None:
    begun, other = ({"database": "orders", "scheduled_at": at} for at in ("1", write_time(AT)))
    assert not _is_of(LogEvent(AT, "", begun), LogEvent(AT, "", other))
