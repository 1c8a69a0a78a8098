"""What can be said of the dead letters by who may count them, read them, both, or neither."""

from collections.abc import Sequence
from typing import cast

import pytest

from snapper.aws.dead_letters import DeadLetters, Letter
from snapper.errors import AwsDenied, AwsFailed
from snapper.values.finding import Finding, Level
from snapper.values.job import Job
from snapper.verbs.letters import Letters, examine_letters, look
from tests.support.databases import AT


def letter(database: str | None) -> Letter:
    return Letter("id", "receipt", AT, Job(database, AT) if database else None)


class Queue:
    """A queue whose answers are given; an error is what it answers to whoever may not ask."""

    def __init__(self, counted: int | None, read: Sequence[Letter] | None) -> None:
        self._counted, self._read = counted, read

    def count(self) -> int:
        if self._counted is None:
            raise AwsDenied("no right to count")
        return self._counted

    def read(self) -> Sequence[Letter]:
        if self._read is None:
            raise AwsDenied("no right to read")
        return self._read


def seen(counted: int | None, read: Sequence[Letter] | None) -> Letters:
    return look(cast("DeadLetters", Queue(counted, read)))


def test_all_are_read_by_who_may() -> None:
    found = seen(2, [letter("a"), letter(None)])
    assert (found.total, found.unread, found.readable, found.count("a")) == (2, 0, True, 1)


def test_what_somebody_hides_is_counted_and_may_be_of_any_database() -> None:
    found = seen(3, [letter("a")])
    assert (found.total, found.unread, found.count("a")) == (3, 2, 1)
    assert found.of(["b"]).total == 2


def test_who_may_only_count_knows_of_no_database() -> None:
    found = seen(3, None)
    assert (found.total, found.readable, found.count("a"), found.of(["b"]).total) == (
        3,
        False,
        None,
        3,
    )


def test_who_may_only_read_sees_what_is_not_hidden() -> None:
    assert seen(None, [letter("a")]) == Letters([letter("a")])


def test_a_letter_that_comes_between_counting_and_reading_is_no_harm() -> None:
    assert seen(0, [letter("a")]).unread == 0


def test_who_may_do_neither_is_refused() -> None:
    with pytest.raises(AwsDenied):
        seen(None, None)


def test_a_failure_that_is_no_refusal_is_raised() -> None:
    class Broken(Queue):
        def count(self) -> int:
            raise AwsFailed("no network")

    with pytest.raises(AwsFailed, match="no network"):
        look(cast("DeadLetters", Broken(0, [])))


def test_letters_of_other_databases_are_left_out_and_those_of_none_are_not() -> None:
    found = Letters([letter("a"), letter("b"), letter(None)]).of(["a"])
    assert [each.job and each.job.database for each in found.read] == ["a", None]
    assert found.total == len(found.read)


def judged(counted: int | None, read: Sequence[Letter] | None, *databases: str) -> Finding:
    return examine_letters(cast("DeadLetters", Queue(counted, read)), databases)


def test_doctor_names_whose_jobs_failed_for_good() -> None:
    assert judged(0, []).level is Level.OK
    assert judged(1, [letter("a")], "b").level is Level.OK
    found = judged(3, [letter("b"), letter("a"), letter(None)], "a", "b")
    assert found.level is Level.WARNING
    assert found.fact.endswith("for good: 3, of a, b")
    assert judged(2, None, "a").fact.endswith("for good: 2")


def test_doctor_says_where_nothing_is_known_of_them() -> None:
    found = judged(None, None)
    assert found.level is Level.WARNING
    assert "not known" in found.fact
