"""`snapper cost`, run against the deployed service."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.prices import LIST_PRICES
from tests.support.databases import AT
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest

DAY = timedelta(days=1)
GROWING = 5


@pytest.fixture
def growing(stage: StageUnderTest) -> Iterator[list[Manifest]]:
    """Backups of a minute each, one a day; each has 1,000 bytes more than the one before."""
    made = []
    for n in range(GROWING):
        began = AT - (GROWING - n) * DAY
        known = manifest(
            database="growing",
            scheduled_at=began,
            started_at=began,
            finished_at=began + timedelta(seconds=60),
            backup_bytes=1_000_000 + 1_000 * n,
        )
        stage.put_backup(known)
        made.append(known)
    yield made
    stage.forget("growing")


def test_storage_is_what_lies_in_the_bucket_by_its_class(
    stage: StageUnderTest, growing: list[Manifest]
) -> None:
    document = stage.run_cli("cost", "growing", "--json").document
    (found,) = document["databases"]
    listed = sum(each.size for each in stage.vault.list("growing/"))
    assert found["stored_bytes"] == {"STANDARD": listed}
    assert found["now"]["storage"] == round(listed / 2**30 * 0.023, 6)
    before = found["noncurrent_bytes"].get("STANDARD", 0)
    # One object of a backup that was deleted is kept for some days, and paid for.
    oldest = growing.pop(0)
    stage.vault.delete(oldest.dump_key)
    stage.vault.delete(oldest.key)
    (found,) = stage.run_cli("cost", "growing", "--json").document["databases"]
    gone = found["noncurrent_bytes"]["STANDARD"] - before
    assert gone == oldest.backup_bytes + len(oldest.to_json())
    assert found["backups"] == len(growing)


def test_it_is_said_how_much_lies_in_which_class_and_what_that_costs(
    stage: StageUnderTest, growing: list[Manifest]
) -> None:
    ran = stage.run_cli("cost", "growing")
    assert ran.code == 0
    stored = sum(each.size for each in stage.vault.list("growing/"))
    assert f"stored: {stored / 1e6:.1f} MB STANDARD; deleted, and still kept: " in ran.out
    assert "a GB of STANDARD $0.023 a month" in " ".join(ran.err.split())


def test_growth_is_that_of_the_backups(stage: StageUnderTest, growing: list[Manifest]) -> None:
    with stage.database("growing", "postgresql://nobody@192.0.2.1/d"):
        document = stage.run_cli("cost", "growing", "--json").document
    (found,) = document["databases"]
    assert (found["bytes_a_day"], found["seconds"]) == (1_000, 60)
    assert found["newest_bytes"] == growing[-1].backup_bytes
    assert found["runs_a_month"] == pytest.approx(365 / 12, abs=0.01)
    times = (growing[-1].backup_bytes + 365 * 1_000) / growing[-1].backup_bytes
    assert found["year"]["functions"] == pytest.approx(found["now"]["functions"] * times, rel=0.01)
    assert document["shared"] == {}


def test_what_is_dumped_in_a_container_by_its_options_is_fargates(
    stage: StageUnderTest, growing: list[Manifest]
) -> None:
    chosen = Options(dump_in="batch")
    with stage.database("growing", "postgresql://nobody@192.0.2.1/d", options=chosen):
        (found,) = stage.run_cli("cost", "growing", "--json").document["databases"]
    assert found["seconds"] == 60
    assert found["now"]["fargate"] > found["now"]["functions"]


def test_a_database_that_is_no_longer_backed_up_costs_its_storage_alone(
    stage: StageUnderTest,
    growing: list[Manifest],
) -> None:
    (found,) = stage.run_cli("cost", "growing", "--json").document["databases"]
    assert (found["runs_a_month"], found["now"]["functions"]) == (0, 0)
    assert found["bytes_a_day"] is None


def test_the_whole_stage_is_told_with_the_prices_used(stage: StageUnderTest) -> None:
    ran = stage.run_cli("cost")
    assert ran.code == 0
    header, *_ = (line.split() for line in ran.lines)
    assert header[0] == "database"
    assert "the stage " in ran.out
    assert " a month, in a year $" in next(line for line in ran.lines if "databases: " in line)
    said = " ".join(ran.err.split())
    assert f"prices of {LIST_PRICES.region} as of {LIST_PRICES.as_of}: " in said
    assert "an alarm $0.1 and a metric $0.3 a month" in said
    document = stage.run_cli("cost", "--json").document
    assert document["prices"] == json.loads(json.dumps(LIST_PRICES.to_dict()))
    assert document["shared"]["alarms"] > 0
    now = sum(each["now"]["total"] for each in document["databases"])
    shared = sum(document["shared"].values())
    assert document["total"]["now"] == pytest.approx(now + shared, abs=1e-4)


def test_prices_of_a_file_take_the_place_of_the_list(stage: StageUnderTest, tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    own.write_text(json.dumps({"alarm": 5, "region": "eu-central-1", "as_of": "2026-11"}))
    listed = stage.run_cli("cost", "--json").document["shared"]["alarms"]
    ran = stage.run_cli("cost", "--json", "--prices", str(own))
    assert ran.document["shared"]["alarms"] == pytest.approx(listed * 50)
    own.write_text("{")
    ran = stage.run_cli("cost", "--prices", str(own))
    assert (ran.code, ran.out) == (2, "")
    assert "it is no JSON" in ran.err
    assert stage.run_cli("cost", "--prices", str(tmp_path / "none")).code == 2
