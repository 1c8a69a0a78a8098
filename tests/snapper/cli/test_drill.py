"""`snapper drill`: the deployed prover restores a backup, and everything that is told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from snapper.values.options import Options
from tests.support.manifests import manifest
from tests.support.restores import flip
from tests.support.stage import StageUnderTest

ROWS = "CREATE TABLE items AS SELECT n FROM generate_series(1, 300) AS n; CREATE TABLE more (n int)"


def standing(stage: StageUnderTest, key: str) -> dict[str, Any]:
    (found,) = stage.run_cli("status", key, "--json").document["databases"]
    return dict(found)


def test_a_backup_is_proven_by_the_deployed_prover_and_shown_everywhere(
    stage: StageUnderTest,
) -> None:
    with stage.database("drilled", stage.source(18, ROWS).dsn):
        made = stage.back_up("drilled")
        assert standing(stage, "drilled")["proven"]["at"] is None
        ran = stage.run_cli("drill", "drilled", "--wait")
        assert ran.code == 0, ran.out + ran.err
        assert "restored: 2 tables, 300 rows in " in ran.lines[1]
        proven = standing(stage, "drilled")["proven"]
        assert (proven["tables"], proven["rows"], proven["drill"]) == (2, 300, "weekly")
        assert proven["at"] == proven["since"]
        assert stage.run_cli("status", "drilled").code == 0
        (line,) = stage.run_cli("list", "drilled").lines[1:]
        assert ", 2 tables, 300 rows in " in line
        told = stage.run_cli("doctor", "drilled", "--json").document["findings"]["drilled"]
        assert "2 tables, 300 rows" in next(e["fact"] for e in told if e["subject"] == "proof")
        assert made.dump_key in {each.key for each in stage.vault.list("drilled/")}


def test_a_flipped_bit_ends_in_a_dead_letter_with_its_reason(stage: StageUnderTest) -> None:
    with stage.database("flipped", stage.source(18).dsn):
        stage.damage(stage.back_up("flipped"), flip)
        ran = stage.run_cli("drill", "flipped", "--wait", "--json")
        (drill,) = ran.document["drills"]
        assert (ran.code, drill["state"]) == (4, "not proven")
        (letter,) = stage.run_cli("failures", "flipped", "--json").document["dead_letters"]
        assert letter["kind"] == "drill"
        assert letter["reason"] in drill["error"]
        assert standing(stage, "flipped")["problems"] == ["no backup", "failed", "damaged"]
        assert stage.run_cli("failures", "--discard", "flipped").code == 0


def test_a_database_without_a_good_backup_has_nothing_to_prove(stage: StageUnderTest) -> None:
    with stage.database("unmade", stage.source(18).dsn):
        ran = stage.run_cli("drill", "unmade", "--json")
        assert (ran.code, ran.document["drills"][0]["state"]) == (3, "no backup")
    assert stage.run_cli("drill", "unmade").code == 2
    assert stage.run_cli("drill", "--patience", "3").code == 2


@pytest.mark.long
def test_a_database_that_was_not_proven_for_longer_than_it_may_is_unproven(
    stage: StageUnderTest,
) -> None:
    old = datetime.now(UTC).replace(microsecond=0) - timedelta(days=11)
    with stage.database("overdue", stage.source(18).dsn, options=Options(max_age_hours=168)):
        stage.put_backup(manifest(database="overdue", scheduled_at=old, backup_bytes=1000))
        stage.back_up("overdue")
        ran = stage.run_cli("status", "overdue")
        assert ran.code == 1
        assert "UNPROVEN" in ran.lines[1]
        assert f"no backup of overdue was restored for the proof since {old:%Y-%m-%d}" in ran.out
        told = stage.run_cli("doctor", "overdue", "--json").document["findings"]["overdue"]
        (found,) = [each for each in told if each["subject"] == "proof"]
        assert found["level"] == "warning"
    with stage.database("overdue", stage.source(18).dsn, options=Options(drill="off")):
        stage.put_backup(manifest(database="overdue", scheduled_at=old, backup_bytes=1000))
        stage.back_up("overdue")
        assert standing(stage, "overdue")["problems"] == []
