"""A container proves a backup as the prover does, tries again, and says how it ended."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.drill import AGAINST, do, main, say_farewell
from functions.telemetry import Telemetry
from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, RestoreFailed, SnapperError
from snapper.values.attempts import ATTEMPTS
from snapper.values.container import PAYLOAD
from snapper.values.drill import Drill
from snapper.values.verification import Restored
from snapper.verbs.drill import Prover
from tests.support.backups import store_whole
from tests.support.databases import AT

DRILL = Drill("orders", AT, AT + timedelta(hours=1))


@pytest.fixture
def outcome(
    stage: str,
    home: Vault,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """Have a drill in the environment, as Batch does, and its trial end as the test says."""
    del stage  # it is in the environment too
    configure("orders", "host=h")
    store_whole(home, AT)
    monkeypatch.setenv("SNAPPER_QUEUE_URL", "x")
    monkeypatch.setenv("SNAPPER_DEAD_LETTER_URL", "x")
    monkeypatch.setenv(PAYLOAD, DRILL.to_json())
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    ends: dict[str, Any] = {"with": Restored(1, 2, 3.0)}

    def restore(*_: object) -> Restored:
        if isinstance(ends["with"], Exception):
            raise ends["with"]
        found: Restored = ends["with"]
        return found

    monkeypatch.setattr(Prover, "_restore", restore)
    return ends


def test_a_backup_is_proven(outcome: dict[str, Any], said: Callable[[], Any]) -> None:
    assert main(os.environ) == 0
    told = said()
    assert told.messages() == ["drill.began", "drill.ended", "job.ended"]
    assert len(told.measured("DrillSucceeded")) == 2


def test_what_speaks_against_the_backup_is_told_and_fails_at_once(
    outcome: dict[str, Any], said: Callable[[], Any]
) -> None:
    outcome["with"] = RestoreFailed("no such type", against_backup=True)
    assert main(os.environ) == AGAINST
    told = said()
    assert told.messages() == ["drill.began", "drill.failed", "job.ended"]
    assert told.log("drill.failed")["reason"] == "no such type"


@pytest.mark.parametrize("payload", ["", "{", '{"version": 1, "database": "orders"}'])
def test_what_is_no_drill_is_told_and_is_a_failure(
    payload: str,
    outcome: dict[str, Any],
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PAYLOAD, payload)
    assert main(os.environ) == 2
    assert said().messages() == ["job.failed"]


@pytest.mark.parametrize("failures", [1, ATTEMPTS])
def test_what_could_not_be_tried_is_tried_as_often_as_in_the_queue(
    failures: int, said: Callable[[], Any]
) -> None:
    said()
    tried: list[int] = []

    class Failing:
        def prove(self, _: Drill) -> str:
            tried.append(1)
            if len(tried) <= failures:
                raise AwsFailed("s3:GetObject failed: SlowDown")
            return ""

    make: Any = Failing
    status = do(make, DRILL, Telemetry("job", "prod"), lambda _: timedelta())
    assert status == (0 if failures < ATTEMPTS else AwsFailed.exit_code)
    logged = [line for line in said().logs if line["message"] == "drill.untried"]
    assert [line["attempt"] for line in logged] == list(range(1, failures + 1))


def test_one_that_is_told_to_end_says_so_before_it_is_killed(said: Callable[[], Any]) -> None:
    said()
    left = threading.Event()
    statuses: list[int] = []

    def leave(status: int) -> None:
        statuses.append(status)
        left.set()

    say_farewell(Telemetry("job", "prod"), DRILL, leave)
    assert left.wait(300)
    assert statuses == [SnapperError.exit_code]
    told = said().log("drill.untried")
    assert told["reason"] == "the container was told to end before the backup was proven"
    assert told["database"] == "orders"
