"""A drill on a real server fails for what the list or an assertion says, and tells which."""

from collections.abc import Callable

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.drill import Drill
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.verbs.drill import Prover
from snapper.verbs.dump import Dumper
from snapper.verbs.trial import last_trial
from tests.support.altered import altered
from tests.support.databases import AT, Source, job
from tests.support.engines import engines
from tests.support.few import few
from tests.support.recording import RecordedEvents

MADE = """
    CREATE TABLE public.orders AS SELECT n FROM generate_series(1, 9) AS n;
    CREATE TABLE public."Items" AS SELECT 1 AS n;
"""
TRUE = "SELECT count(*) = 9 FROM orders"
Drilled = Callable[..., str]


@pytest.fixture
def backup(source: Callable[..., Source], dumper: Dumper) -> Manifest:
    made = dumper.dump(job(), source(18, MADE).database())
    assert made is not None
    return made


@pytest.fixture
def drilled(vault: Vault, events: RecordedEvents, tools: ClientTools) -> Drilled:
    """Prove the backup, and give what speaks against it."""

    def go(*assertions: str) -> str:
        options = {"orders": Options(assertions=assertions)}
        return Prover(vault, events, options, engines=engines(tools)).prove(Drill("orders", AT, AT))

    return go


@pytest.mark.long
def test_what_was_compared_and_asserted_is_recorded(
    backup: Manifest, vault: Vault, drilled: Drilled
) -> None:
    assert drilled(TRUE) == ""
    trial = last_trial(vault, "orders")
    assert trial is not None
    assert trial.verdict.restored is not None
    proof = trial.verdict.restored.proof
    assert proof is not None
    assert (proof.compared, proof.assertions, proof.lacking) == (2, (TRUE,), None)


@pytest.mark.parametrize(
    ("change", "why"),
    few(
        [
            (
                lambda dump: dump.replace(b"\n7\n", b"\n"),
                "public.orders has 8 rows, and 9 are listed",
            ),
            (
                lambda dump: dump.replace(b"\n7\n", b"\n7\n7\n"),
                "public.orders has 10 rows, and 9 are",
            ),
            (
                lambda dump: dump.replace(b'"Items"', b'"Other"'),
                "public.Items is not there, and 1 row",
            ),
        ]
    ),
    ids=["a row less", "a row more", "another table"],
)
def test_a_copy_that_is_not_as_listed_is_a_failed_drill(
    change: Callable[[bytes], bytes],
    why: str,
    backup: Manifest,
    vault: Vault,
    events: RecordedEvents,
    drilled: Drilled,
) -> None:
    altered(vault, backup, change)
    assert why in drilled()
    assert why in str(events.fields("drill.failed")["reason"])
    trial = last_trial(vault, "orders")
    assert trial is not None
    assert trial.verdict.failed is not None
    assert why in trial.verdict.failed.reason
    assert trial.verdict.restored is None


def test_an_assertion_that_does_not_hold_is_a_failed_drill_too(
    backup: Manifest, drilled: Drilled
) -> None:
    assert "SELECT max(n) > 9 FROM orders: it gives false" in drilled(
        TRUE, "SELECT max(n) > 9 FROM orders"
    )


def test_a_list_that_is_not_the_backups_own_is_a_failed_drill(
    backup: Manifest, vault: Vault, drilled: Drilled
) -> None:
    key = object_key(backup.database, backup.scheduled_at, Kind.CONTENTS)
    vault.put(key, vault.read(key).replace(b'"rows":9', b'"rows":8'))
    assert "is not the list of contents that was made with the backup" in drilled()


def test_a_list_that_is_gone_is_a_failed_drill_that_says_what_is_not_known(
    backup: Manifest, vault: Vault, events: RecordedEvents, drilled: Drilled
) -> None:
    vault.delete(object_key(backup.database, backup.scheduled_at, Kind.CONTENTS))
    assert "is gone, its manifest is still there: so there is nothing to hold its rows" in drilled()
    failed = events.fields("drill.failed")
    assert failed["kind"] == "RestoreFailed"
    assert "a restore needs no list" in str(failed["hint"])
    assert f"verify {backup.database} --accept REASON" in str(failed["hint"])
