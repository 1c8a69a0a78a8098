"""Honest work of any kind and in any order gives no finding."""

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.chains import World
from tests.support.tampering import KINDS, Tampering

WORK = st.one_of(
    st.tuples(st.just("begin"), st.integers(-60, 60), st.booleans()),
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("die"), st.integers(0, 3)),
    st.tuples(st.just("dump"), st.integers(-60, 60)),
    st.tuples(st.just("dump"), st.integers(-60, 60)),
    st.tuples(st.just("prune"), st.integers(0, 4), st.sampled_from([0, 1, 2, 3, 100, 100, 100])),
    st.tuples(st.just("wait"), st.sampled_from([timedelta(minutes=5), timedelta(days=2)])),
)
SWITCH = st.sampled_from([("turn_off",), ("turn_on",)])
HISTORY = st.lists(st.one_of(WORK, WORK, WORK, SWITCH), max_size=30)
ONE_BY_ONE = pytest.mark.parametrize("tamper", KINDS, ids=lambda kind: kind.__name__)


def lived(history: list[tuple[object, ...]]) -> World:
    world = World()
    for name, *arguments in history:
        getattr(world, str(name))(*arguments)
    return world


def judge_honest_work(history: list[tuple[object, ...]]) -> None:
    world = World()
    for name, *arguments in history:
        getattr(world, str(name))(*arguments)
        assert world.judged().findings == (), (name, arguments)


def tamper_with(
    tamper: Tampering, history: list[tuple[object, ...]], chance: random.Random
) -> None:
    world = lived(history)
    world.turn_on()
    assume(world.signing)
    world.dump()
    world.dump()
    assume(tamper(world, chance))
    assert world.judged().damaged
    # Honest work goes on, and covers nothing up.
    world.dump()
    assert world.judged().damaged
    world.dump()
    assert world.judged().damaged


@settings(max_examples=60, deadline=None)
@given(HISTORY)
def test_no_order_of_honest_work_gives_a_finding(history: list[tuple[object, ...]]) -> None:
    judge_honest_work(history)


@pytest.mark.long
@settings(max_examples=1000, deadline=None)
@given(HISTORY)
def test_nor_does_any_of_many(history: list[tuple[object, ...]]) -> None:
    judge_honest_work(history)


@ONE_BY_ONE
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(history=HISTORY, chance=st.randoms(use_true_random=False))
def test_whatever_is_done_to_the_bucket_is_found_and_stays_found(
    tamper: Tampering, history: list[tuple[object, ...]], chance: random.Random
) -> None:
    tamper_with(tamper, history, chance)


@pytest.mark.long
@ONE_BY_ONE
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(history=HISTORY, chance=st.randoms(use_true_random=False))
def test_so_it_is_after_many_histories(
    tamper: Tampering, history: list[tuple[object, ...]], chance: random.Random
) -> None:
    tamper_with(tamper, history, chance)
