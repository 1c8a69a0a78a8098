"""What is wrong with a backup is seen by the deployed prover, and heard of everywhere.

It runs as on AWS: as an ordinary user, in whose /tmp alone it may write, without /dev/shm.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.options import UNSET, Options
from tests.support.altered import altered, without
from tests.support.faults import faulted
from tests.support.restores import flip
from tests.support.stage import StageUnderTest

ROWS = """
    CREATE TABLE items AS SELECT n FROM generate_series(1, 4) AS n;
    CREATE TABLE people AS SELECT n FROM generate_series(1, 7) AS n;
"""
Spoil = Callable[[StageUnderTest, Manifest], object]


@dataclass(frozen=True)
class Case:
    """What is done to a backup, and what is then said of it, and where."""

    spoil: Spoil
    reason: str
    problem: str
    options: Options = UNSET


def rewrite(change: Callable[[bytes], bytes]) -> Spoil:
    return lambda stage, made: altered(stage.vault, made, change)


def without_people(plain: bytes) -> bytes:
    plain = without(b'COPY "public"."people" ', b"\n\\.\n")(plain)
    plain = without(b'CREATE TABLE "public"."people" ', b");\n")(plain)
    return without(b'ALTER TABLE "public"."people" ', b";\n")(plain)


# Their names are no other test's: the log is that of the whole session.
CASES = {
    "a-flipped-bit": Case(lambda stage, made: stage.damage(made, flip), "sql.gz", "damaged"),
    "a-missing-table": Case(
        rewrite(without_people),
        "public.people is not there, and 7 rows are listed",
        "unrestorable",
    ),
    "a-row-fewer": Case(
        rewrite(lambda plain: plain.replace(b"\n4\n\\.\n", b"\n\\.\n")),
        "public.items has 3 rows, and 4 are listed",
        "unrestorable",
    ),
    "an-untrue-assertion": Case(
        lambda *_: None,
        "SELECT count(*) > 4 FROM items: it gives false",
        "unrestorable",
        Options(assertions=("SELECT count(*) = 7 FROM people", "SELECT count(*) > 4 FROM items")),
    ),
}


@pytest.mark.long
@pytest.mark.parametrize(
    "keys",
    [["a-flipped-bit", "a-row-fewer"], ["a-missing-table", "an-untrue-assertion"]],
    ids=["damage", "a lack"],
)
def test_each_fault_of_a_backup_ends_in_an_alarm_with_its_reason(
    stage: StageUnderTest, keys: list[str]
) -> None:
    cases = {key: CASES[key] for key in keys}
    with spoiled(stage, cases):
        ran = stage.run_cli("drill", *cases, "--wait", "--json")
        drills = {each["database"]: each for each in ran.document["drills"]}
        letters = by_database(stage.run_cli("failures", *cases, "--json").document["dead_letters"])
        status = stage.run_cli("status", *cases, "--json")
        standing = by_database(status.document["databases"])
        assert status.code == 1
        assert ran.code == BackupDamaged.exit_code, "that of the first of them"
        lines = prover_lines(stage)
        for key, case in cases.items():
            with faulted("drills: a fault in the backup"):
                assert drills[key]["state"] == "not proven"
                assert case.reason in letters[key]["reason"]
                assert letters[key]["kind"] == "drill"
                (told,) = [one for one in lines if is_of(one, key, "drill.failed")]
                assert told["level"] == "ERROR"
                assert case.reason in told["reason"]
                (metric,) = [one for one in lines if "DrillFailed" in one and is_of(one, key)]
                assert metric["DrillFailed"] == [1.0]
                assert {"failed", case.problem} <= set(standing[key]["problems"])
                assert standing[key]["proven"]["at"] is None
                text = stage.run_cli("status", key)
                assert text.code == 1
                assert case.reason in text.out
        of_stage = [one for one in lines if "DrillFailed" in one and "Database" not in one]
        assert len(of_stage) >= len(cases), "the alarm watches the stage as a whole"
        assert stage.run_cli("failures", "--discard", *cases).code == 0


@contextmanager
def spoiled(stage: StageUnderTest, cases: dict[str, Case]) -> Iterator[None]:
    """Have a database with one backup for each case, and something wrong with each of these."""
    source = stage.source(18, ROWS)
    with ExitStack() as stack:
        for key, case in cases.items():
            stack.enter_context(stage.database(key, source.dsn, options=case.options))
        for key, case in cases.items():
            case.spoil(stage, stage.back_up(key))
        yield


def by_database(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["database"]: each for each in found}


def prover_lines(stage: StageUnderTest) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stage.host.logs(stage.service.prover) if line[:1] == "{"]


def is_of(line: dict[str, Any], key: str, message: str = "") -> bool:
    return key in (line.get("database"), line.get("Database")) and message in (
        "",
        line.get("message"),
    )
