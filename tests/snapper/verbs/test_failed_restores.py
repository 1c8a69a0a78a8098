"""A restore among the dead letters is never tried again by itself, and that is said."""

from datetime import UTC, datetime
from typing import Any

import pytest

from snapper.aws.dead_letters import Letter
from snapper.errors import SettingsError
from snapper.values.cloud_restore import CloudRestore
from snapper.values.job import Job
from snapper.verbs.failures import Ways, retry
from tests.snapper.verbs.test_failed_drills import Letters

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)


def failed(number: int, database: str) -> Letter:
    wish = CloudRestore(database, AT, "0" * 64, "copy", AT)
    return Letter(f"r{number}", "", AT, restore=wish)


RESTORES = [failed(1, "orders"), failed(2, "people")]
JOB = Letter("j", "", AT, job=Job("orders", AT))


def put_back(letters: Letters, *databases: str) -> tuple[list[Letter], list[Letter]]:
    sent: list[Job] = []
    queue: Any = type("Queue", (), {"send": staticmethod(sent.extend)})
    nowhere: Any = None
    found: Any = letters
    ways = Ways(queue, nowhere, nowhere, nowhere, nowhere)
    return retry(found, ways, databases, lambda: ["orders", "people"], dry_run=False)


def test_all_are_passed_over_where_all_is_put_back() -> None:
    letters = Letters(JOB, *RESTORES)
    assert put_back(letters) == ([JOB], RESTORES)
    assert letters.letters == RESTORES


def test_of_a_named_database_its_own_are_passed_over() -> None:
    assert put_back(Letters(JOB, *RESTORES), "orders") == ([JOB], RESTORES[:1])


def test_where_a_named_database_has_no_others_it_is_refused() -> None:
    with pytest.raises(SettingsError, match="of people are restores"):
        put_back(Letters(JOB, *RESTORES), "people")
