"""A drill that does not fit the prover goes to a container, once; what fits neither is told."""

from collections.abc import Callable
from typing import Any

import pytest

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, DeadlineReached
from snapper.values.container import Size, drill_container_name
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.drill import Drill
from snapper.values.manifest import Manifest
from snapper.values.options import UNSET
from snapper.verbs.drill import Prover
from snapper.verbs.hand_over_drill import DrillHandOver
from snapper.verbs.trial import last_trial
from tests.snapper.verbs.test_drill import DRILL, NOW, RESTORED, Trying
from tests.support.backups import store_whole
from tests.support.containers import Containers
from tests.support.databases import AT
from tests.support.recording import RecordedEvents
from tests.support.restores import damage, flip

MIB = 1 << 20
NO_ROOM = {"disk_bytes": MIB}
LARGE = 10**15


@pytest.fixture
def backup(vault: Vault) -> Manifest:
    return store_whole(vault, AT)


@pytest.fixture
def containers() -> Containers:
    return Containers()


@pytest.fixture
def prover(vault: Vault, events: RecordedEvents, containers: Containers) -> Callable[..., Prover]:
    def make(outcome: Any = RESTORED, **known: Any) -> Prover:
        engine = Trying(outcome)
        elsewhere = DrillHandOver(containers, events)
        given = {"options": {"orders": UNSET}, "now": lambda: NOW, "elsewhere": elsewhere, **known}
        return Prover(vault, events, engines=lambda _: engine, **given)

    return make


def test_what_fits_is_proven_here(
    backup: Manifest, prover: Callable[..., Prover], containers: Containers
) -> None:
    assert prover(disk_bytes=4 << 30, deadline=Deadline(lambda: 900.0)).prove(DRILL) == ""
    assert containers.submitted == []


@pytest.mark.parametrize("known", [NO_ROOM, {"deadline": Deadline(lambda: RESERVE + 1)}])
def test_what_does_not_fit_is_handed_over_before_it_is_read(
    known: dict[str, Any],
    backup: Manifest,
    prover: Callable[..., Prover],
    containers: Containers,
    events: RecordedEvents,
    vault: Vault,
) -> None:
    damage(vault, backup, flip)
    assert prover(**known).prove(DRILL) == ""
    ((payload, name, size),) = containers.submitted
    assert (Drill.from_json(payload), name) == (DRILL, drill_container_name(DRILL))
    assert size == Size(2)
    assert events.names() == ["drill.handed_over"]
    told = events.fields("drill.handed_over")
    assert (told["database"], told["container"]) == ("orders", "container-1")
    assert str(told["reason"]).startswith("too large to be proven here: ")
    assert last_trial(vault, "orders", NOW) is None


def test_delivered_again_it_starts_no_other_container(
    backup: Manifest, prover: Callable[..., Prover], containers: Containers
) -> None:
    for _ in range(2):
        prover(**NO_ROOM).prove(DRILL)
    assert len(containers.submitted) == 1


def test_where_it_cannot_be_handed_over_the_drill_comes_back(
    backup: Manifest, prover: Callable[..., Prover], containers: Containers
) -> None:
    containers.refuses = True
    with pytest.raises(AwsFailed):
        prover(**NO_ROOM).prove(DRILL)


def test_what_fits_no_container_is_told_with_what_a_container_has(
    vault: Vault,
    prover: Callable[..., Prover],
    containers: Containers,
    events: RecordedEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store_whole(vault, AT)
    monkeypatch.setattr("snapper.values.fit._EMPTY_SERVER", LARGE)
    assert prover(**NO_ROOM).prove(DRILL) == ""
    assert containers.submitted == []
    reason = str(events.fields("drill.skipped")["reason"])
    assert reason.endswith("and there are 212.6 GB")


@pytest.mark.parametrize(("seconds", "handed"), [(60.0, 1), (900.0, 0)])
def test_out_of_time_it_is_handed_over_unless_it_should_have_ended_long_ago(
    seconds: float,
    handed: int,
    backup: Manifest,
    prover: Callable[..., Prover],
    containers: Containers,
    events: RecordedEvents,
    vault: Vault,
) -> None:
    late = DeadlineReached("it ran out of time")
    assert prover(late, deadline=Deadline(lambda: RESERVE + seconds)).prove(DRILL) == ""
    assert len(containers.submitted) == handed
    assert events.names()[-1] == ("drill.handed_over" if handed else "drill.skipped")
    assert last_trial(vault, "orders", NOW), "it was read whole"
