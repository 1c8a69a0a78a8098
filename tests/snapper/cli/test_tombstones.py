"""Who prunes by hand asks the pruner for each tombstone, and goes on past what none can have."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from snapper.cli.stage import Stage
from snapper.cli.tombstones import asked_of
from snapper.errors import AwsFailed, ObjectUnreadable
from snapper.verbs.bury import NoTrace
from snapper.verbs.catalog import holdings
from tests.support.backups import store
from tests.support.databases import AT
from tests.support.twin import MemoryVault


def stage(answer: dict[str, Any], signing_key: str = "key") -> Stage:
    made = SimpleNamespace(
        service=SimpleNamespace(signing_key=signing_key, pruner="pruner"),
        functions=SimpleNamespace(ask=lambda *_: answer),
    )
    return cast("Stage", made)


def bury(answer: dict[str, Any]) -> None:
    vault = MemoryVault()
    store(vault, AT)
    (holding,) = holdings(vault, "orders")
    asked_of(stage(answer)).bury(holding, "beyond its count")


def test_a_stage_that_does_not_sign_leaves_none() -> None:
    assert isinstance(asked_of(stage({}, signing_key="")), NoTrace)


def test_the_pruner_leaves_it_or_says_why_there_can_be_none() -> None:
    bury({"buried": 1})
    with pytest.raises(ObjectUnreadable, match="it is archived"):
        bury({"unreadable": "it is archived"})
    with pytest.raises(AwsFailed, match="has left no tombstone") as caught:
        bury({})
    assert not isinstance(caught.value, ObjectUnreadable)
