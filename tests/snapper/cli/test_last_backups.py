"""How long the last backups took is held against what a function has, if nothing else has more."""

from datetime import timedelta

import pytest

from snapper.cli.last_backups import examine_last
from snapper.values.finding import Finding, Level
from snapper.verbs.catalog import Listed
from tests.support.manifests import NOON, manifest

DAY = timedelta(days=1)


def time_of(took: timedelta, *, hands_over: bool) -> Finding:
    made = manifest(scheduled_at=NOON, started_at=NOON, finished_at=NOON + took)
    found = examine_last("orders", [Listed(NOON, made)], DAY, NOON + took, hands_over=hands_over)
    (finding,) = (each for each in found if each.subject == "time")
    return finding


@pytest.mark.parametrize(("minutes", "level"), [(1, Level.OK), (14, Level.WARNING)])
def test_where_a_function_alone_dumps_its_limit_is_near(minutes: int, level: Level) -> None:
    found = time_of(timedelta(minutes=minutes), hands_over=False)
    assert found.level is level
    assert found.fact.endswith("at most, of 900 s")
    assert ("largeDatabases" in found.fix) is (level is Level.WARNING)


def test_where_containers_take_over_no_time_is_too_long() -> None:
    found = time_of(timedelta(hours=7), hands_over=True)
    assert (found.level, found.fix) == (Level.OK, "")
    assert found.fact.endswith("what takes longer than a function may goes to a container")
