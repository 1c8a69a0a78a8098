"""Databases that are kept as data: a change is there whole or not at all, whoever else writes."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from snapper.aws.added import Added
from snapper.aws.adding import Change, change
from snapper.aws.store import Store
from snapper.errors import AwsFailed, SecretsInvalid, SnapperError
from snapper.values.packing import ROOM
from snapper.values.table import Row
from tests.support.as_data import (
    ROOT,
    added,
    database,
    everything,
    expected,
    names,
    put,
    remove,
    values,
)
from tests.support.few import few

LONG = "x" * 900


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm")


def test_nobody_has_added_any(ssm: Any) -> None:
    assert everything(ssm) == {}
    assert names(ssm) == set()


def test_what_is_added_is_there_and_what_is_removed_is_not(ssm: Any) -> None:
    first, second = database("orders"), database("people", timeout=600)
    put(ssm, first, second)
    assert everything(ssm) == expected(first, second)
    remove(ssm, "orders")
    assert everything(ssm) == expected(second)
    assert first.connection not in values(ssm)


def test_what_is_added_again_takes_its_place(ssm: Any) -> None:
    put(ssm, database("orders", "host=old password=hush", timeout=600), database("people"))
    new = database("orders", "host=new", max_age_hours=50)
    put(ssm, new)
    assert everything(ssm) == expected(new, database("people"))
    assert "hush" not in values(ssm)
    plain = database("orders", "host=newer")
    put(ssm, plain)
    assert everything(ssm) == expected(plain, database("people"))


@pytest.mark.parametrize("number", few([200, 600]))
def test_hundreds_share_few_parameters_and_one_more_touches_few_of_them(
    ssm: Any, number: int
) -> None:
    many = [database(f"db-{n:04}", timeout=600) for n in range(number)]
    put(ssm, *many)
    before = names(ssm)
    assert everything(ssm) == expected(*many)
    pieces = {name for name in before if "/DATABASE_CONN_STRINGS/" in name}
    assert len(pieces) * ROOM < 1.3 * sum(len(each.connection) + 12 for each in many)
    put(ssm, database("one-more"))
    assert len(pieces - names(ssm)) == 1  # the one with room was written anew


def test_one_by_one_they_share_parameters_too(ssm: Any) -> None:
    each = [database(f"db-{n:02}", f"host=h password={LONG}") for n in range(12)]
    for one in each:
        put(ssm, one)
    assert everything(ssm) == expected(*each)
    pieces = [name for name in names(ssm) if "/DATABASE_CONN_STRINGS/" in name]
    assert len(pieces) <= 4


def test_what_takes_more_than_a_parameter_is_refused_and_changes_nothing(ssm: Any) -> None:
    put(ssm, database("orders"))
    before = names(ssm)
    with pytest.raises(SecretsInvalid, match="of large takes more than 4096 bytes"):
        put(ssm, database("small"), database("large", "x" * 4096))
    assert everything(ssm) == expected(database("orders"))
    assert names(ssm) == before


class Faulty:
    """An SSM of which one call fails: before it is done, or after, when only its answer is lost."""

    def __init__(self, ssm: Any, call: int, *, done: bool) -> None:
        self._ssm, self._left, self._done = ssm, call, done
        self.exceptions = ssm.exceptions
        self.failed = False

    def get_paginator(self, name: str) -> Any:
        return self._ssm.get_paginator(name)

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self._left -= 1
            if self._left:
                return getattr(self._ssm, name)(**arguments)
            self.failed = True
            if self._done:
                getattr(self._ssm, name)(**arguments)
            raise ClientError({"Error": {"Code": "InternalServerError"}}, name)

        return call


@pytest.mark.long
@pytest.mark.parametrize("done", few([False, True]))
def test_whichever_call_fails_all_of_a_change_is_there_or_nothing_of_it(
    ssm: Any, done: bool
) -> None:
    before = expected(*(database(f"db-{n}", timeout=600) for n in range(4)))
    after = {**before, **expected(database("new", timeout=900))}
    del after["db-1"]
    call, sound = 0, 0
    wanted = Change((database("new", timeout=900),), frozenset({"db-1"}))
    while not sound:
        call += 1
        remove(ssm, *everything(ssm))
        put(ssm, *(database(f"db-{n}", timeout=600) for n in range(4)))
        faulty = Faulty(ssm, call, done=done)
        there = Added(ROOT, Store(faulty), lambda _: None)
        try:
            change(there, lambda _: wanted, lambda _: None)
        except AwsFailed:
            assert faulty.failed
        sound = not faulty.failed
        assert everything(ssm) in (before, after), call
        # The next change finds its way, and leaves no secret of what is gone.
        put(ssm, database("later"))
        remove(ssm, "db-1")
        assert database("db-1").connection not in values(ssm)
    assert call == 11


@pytest.mark.parametrize("call", range(1, 7))
def test_a_call_that_was_repeated_since_its_answer_was_lost_is_no_change_of_others(
    ssm: Any, call: int
) -> None:
    class Twice(Store):
        left = call

        def make(self, name: str, value: str, *, secret: bool) -> None:
            super().make(name, value, secret=secret)
            self.left -= 1
            if not self.left:
                super().make(name, value, secret=secret)

    put(ssm, database("orders", timeout=600))
    asked: list[int] = []

    def plan(rows: Mapping[str, Row]) -> Change:
        asked.append(len(rows))
        return Change((database("people", timeout=600),))

    change(Added(ROOT, Twice(ssm), lambda _: None), plan, lambda _: None)
    assert asked == [1]
    assert everything(ssm) == expected(
        database("orders", timeout=600), database("people", timeout=600)
    )
    put(ssm)
    assert sum("/DATABASE_CONN_STRINGS/" in name for name in names(ssm)) == 1


@pytest.mark.long
def test_of_many_who_write_at_once_nobody_loses_anything(ssm: Any) -> None:
    lock = threading.Lock()

    class OneCallAtOnce(Store):
        """As AWS makes a parameter: nobody comes between its looking and its making."""

        def make(self, name: str, value: str, *, secret: bool) -> None:
            with lock:
                super().make(name, value, secret=secret)

    put(ssm, database("there"), database("goes"))
    failures: list[SnapperError] = []

    def write(number: int) -> None:
        there = Added(ROOT, OneCallAtOnce(ssm), lambda _: None)
        wanted = Change((database(f"db-{number}", timeout=600),), frozenset({"goes"}))
        try:
            change(there, lambda _: wanted)
        except SnapperError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert failures == []
    mine = [database(f"db-{number}", timeout=600) for number in range(6)]
    assert everything(ssm) == expected(database("there"), *mine)


def test_the_plan_sees_what_others_have_left(ssm: Any) -> None:
    seen: list[set[str]] = []

    def plan(rows: Mapping[str, Row]) -> Change:
        if not seen:
            put(ssm, database("others"))  # while this one thinks
        seen.append(set(rows))
        return Change((database("mine"),))

    change(added(ssm), plan, lambda _: None)
    assert seen[-1] == {"others"}
    assert everything(ssm).keys() == {"others", "mine"}
