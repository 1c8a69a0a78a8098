"""`snapper keep` and `unkeep`: a pin is seen everywhere, and outlives what is configured."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key
from snapper.values.pin import FOREVER, Pin, pin_key
from snapper.values.settings import service_parameter
from tests.support.databases import AT
from tests.support.few import few
from tests.support.manifests import NOON, manifest
from tests.support.stage import StageUnderTest

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
TIMES = [AT - timedelta(days=number) for number in range(4)]
OLDEST = write_time(TIMES[3])
NAME = f"{TIMES[3]:%Y-%m-%dT%H-%M-%SZ}"


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    """A database with four backups, of which one may stay."""
    with stage.database("held", NOWHERE, retention=1) as added:
        for at in TIMES:
            stage.put_backup(manifest(database=added, scheduled_at=at, backup_bytes=99))
        yield added


def pins(stage: StageUnderTest, key: str) -> list[str]:
    return [each.key for each in stage.vault.list(f"{key}/") if ".kept" in each.key]


def test_what_is_pinned_outlives_every_pruning_and_counts_for_nothing(
    stage: StageUnderTest, key: str
) -> None:
    ran = stage.run_cli("keep", key, "--at", OLDEST, "--note", "before the migration")
    assert (ran.code, ran.lines) == (0, [f"the backup of {key} at {OLDEST} is pinned"])
    assert stage.run_cli("keep", key, "--until", "2199-12-31").code == 0  # the newest one
    said = stage.run_cli("prune", key)
    assert [line.split(maxsplit=2)[2] for line in said.lines[1:]] == [
        "stays    pinned until 2199-12-31T23:59:59Z, not counted",
        "stays    number 1 of the 1 to keep",
        "deleted  number 2, beyond the 1 to keep",
        "stays    pinned, not counted",
    ]
    listed = stage.run_cli("list", key).out
    assert "pinned: before the migration" in listed
    assert listed.count("pinned until 2199-12-31T23:59:59Z") == 1
    status = stage.run_cli("status", key).out
    assert "1 of 1, 2 pinned" in status
    assert f"{key} has 2 backups pinned, whatever retention decides" in status


def test_a_pin_is_in_every_document(stage: StageUnderTest, key: str) -> None:
    document = stage.run_cli("keep", key, "--note", "why", "--json").document
    at, by = document["pin"]["at"], document["pin"]["by"]
    assert document == {
        "stage": stage.name,
        "dry_run": False,
        "database": key,
        "taken_at": write_time(AT),
        "begun_at": write_time(AT),
        "new": True,
        "pin": {"until": None, "note": "why", "by": by, "at": at},
    }
    assert by.startswith("arn:aws:")
    pin = [document["pin"]]
    (first, *_) = stage.run_cli("list", key, "--json").document["databases"][key]
    assert first["pins"] == pin
    assert stage.run_cli("contents", key, "--json").document["pins"] == pin
    (one,) = stage.run_cli("status", key, "--json").document["databases"]
    assert (one["pinned"], one["newest"]["pins"]) == (1, pin)
    (one,) = stage.run_cli("evidence", key, "--since", "2020-01-01", "--json").document["databases"]
    assert one["backups"][0]["pins"] == pin
    page = stage.run_cli("evidence", key, "--since", "2020-01-01", "--html", "-").out
    assert "; pinned: why" in page
    (judged, *_) = stage.run_cli("prune", key, "--dry-run", "--json").document["databases"][key]
    assert (judged["pinned"], judged["keep"]) == (True, True)


def test_of_several_pins_the_longest_counts_and_unkeep_takes_all(
    stage: StageUnderTest, key: str
) -> None:
    for until in ("2199-01-01", "2198-01-01"):
        assert stage.run_cli("keep", key, "--at", NAME, "--until", until).code == 0
    said = stage.run_cli("prune", key, "--dry-run", "--json").document["databases"][key]
    assert said[3]["reason"] == "pinned until 2199-01-01T23:59:59Z, not counted"
    assert stage.run_cli("unkeep", key, "--at", NAME, "--dry-run").code == 0
    assert len(pins(stage, key)) == 2
    ran = stage.run_cli("unkeep", key, "--at", NAME)
    assert (ran.code, ran.lines) == (0, [f"the backup of {key} at {OLDEST} is pinned no more"])
    assert pins(stage, key) == []
    again = stage.run_cli("unkeep", key, "--at", NAME)
    assert (again.code, again.out) == (3, "")
    assert f"the backup of {key} at {OLDEST} is not pinned" in again.err
    assert not stage.run_cli("prune", key, "--json").document["databases"][key][3]["keep"]


@pytest.mark.long
def test_a_spent_pin_holds_nothing_and_goes_with_its_backup(
    stage: StageUnderTest, key: str
) -> None:
    spent = pin_key(key, TIMES[3], datetime.now(UTC) - timedelta(minutes=1))
    stage.vault.put(spent, Pin(FOREVER).to_json())
    assert "pinned" not in stage.run_cli("list", key).out
    assert stage.run_cli("unkeep", key, "--at", NAME).code == 3
    assert stage.run_cli("prune", key).code == 0
    assert pins(stage, key) == []


def test_the_same_pin_twice_stays_as_the_first_made_it(stage: StageUnderTest, key: str) -> None:
    assert stage.run_cli("keep", key, "--note", "first").code == 0
    ran = stage.run_cli("keep", key, "--note", "second")
    assert (ran.code, ran.lines[0].partition(" is ")[2]) == (
        0,
        "pinned already: that pin stays as it is",
    )
    assert "pinned: first" in stage.run_cli("list", key).out


@pytest.mark.parametrize(
    ("arguments", "told"),
    few(
        [
            (("--until", "2020-01-01"), "--until 2020-01-01 is past"),
            (("--until", "latest"), "--until latest is not a time"),
            (("--until", "soon"), "--until soon is not a time"),
            (("--note", "two\nlines"), "--note must be one line of at most 500 characters"),
            (("--at", "soon"), "--at soon is not a time"),
        ],
    ),
)
def test_what_cannot_be_meant_is_refused(
    stage: StageUnderTest, key: str, arguments: tuple[str, ...], told: str
) -> None:
    ran = stage.run_cli("keep", key, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert pins(stage, key) == []


@pytest.mark.parametrize(
    ("command", "at"), [("keep", "2020-01-01"), ("unkeep", "2020-01-01T00-00-00Z")]
)
def test_an_unknown_backup_is_told_as_elsewhere(
    stage: StageUnderTest, key: str, command: str, at: str
) -> None:
    ran = stage.run_cli(command, key, "--at", at)
    assert (ran.code, ran.out) == (3, "")
    assert f"there is no backup of {key} " in ran.err
    assert stage.run_cli(command, "nobody", "--at", at).code == 2


def test_a_dry_run_pins_nothing(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("keep", key, "--dry-run")
    assert ran.lines == [f"the backup of {key} at {write_time(AT)} would be pinned"]
    assert pins(stage, key) == []


def test_damage_and_halves_are_pinned_by_their_name(stage: StageUnderTest, key: str) -> None:
    stage.vault.put(object_key(key, TIMES[2], Kind.DUMP), b"neither empty nor whole")
    half = NOON - timedelta(days=9)
    stage.vault.put(object_key(key, half, Kind.DUMP), b"half")
    names = [object_key(key, at, Kind.DUMP) for at in (TIMES[2], half)]
    for name in names:
        assert stage.run_cli("keep", key, "--at", name).code == 0
    said = stage.run_cli("prune", key, "--json").document["databases"][key]
    assert [each["reason"] for each in said if each["pinned"]] == [
        "damaged, pinned, not counted",
        "unfinished, pinned, not counted",
    ]
    assert set(names) <= {each.key for each in stage.vault.list(f"{key}/")}


def test_a_pin_outlives_its_database(stage: StageUnderTest) -> None:
    with stage.database("leaver", NOWHERE) as key:
        pass
    for at in TIMES:
        stage.put_backup(manifest(database=key, scheduled_at=at, backup_bytes=99))
    assert stage.run_cli("keep", key, "--at", NAME).code == 0
    ran = stage.run_cli("prune", "--orphan", key)
    assert [line.split(maxsplit=2)[2].split()[0] for line in ran.lines[1:]] == [
        *["deleted"] * 3,
        "stays",
    ]
    assert ran.lines[4].endswith("the stage no longer has this database, pinned")
    assert object_key(key, TIMES[3], Kind.DUMP) in {
        each.key for each in stage.vault.list(f"{key}/")
    }
    assert stage.run_cli("unkeep", key, "--at", NAME).code == 0
    stage.run_cli("prune", "--orphan", key)
    assert list(stage.vault.list(f"{key}/")) == []


@pytest.mark.long
def test_a_backup_is_made_and_pinned_in_one_go(stage: StageUnderTest) -> None:
    with stage.database("migrates", stage.source(18).dsn, retention=1) as key:
        ran = stage.run_cli("run", key, "--keep", "--until", "2199-12-31", "--note", "42")
        assert ran.code == 0
        assert ran.lines[1].endswith("pinned until 2199-12-31T23:59:59Z")
        assert "pinned until 2199-12-31T23:59:59Z: 42" in stage.run_cli("list", key).out


def test_what_is_not_made_is_not_pinned(stage: StageUnderTest) -> None:
    with stage.database("migrates", NOWHERE) as key:
        assert stage.run_cli("run", key, "--until", "2199-12-31").code == 2
        assert stage.run_cli("run", key, "--keep", "--until", "2020-12-31").code == 2
        ran = stage.run_cli("run", key, "--keep", "--patience", "0")
        assert ran.code != 0
        assert "pinned" not in ran.out
        assert pins(stage, key) == []
    stage.settle()


def test_a_stage_whose_pruner_is_of_an_older_release_is_told_and_takes_neither_pins_nor_rules(
    stage: StageUnderTest, key: str, tmp_path: Path
) -> None:
    """It would delete what is pinned, and could read no table with rules in it."""
    file = tmp_path / "rows"
    rows = "DATABASE_CONN_STRINGS=a,host=db.example.com,POSTGRES\nBACKUP_STORAGE_DATA=a,daily=3"
    file.write_text(rows)
    ssm, name = stage.cloud.client("ssm"), service_parameter(f"/snapper/{stage.name}")
    text = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    older = {key: value for key, value in json.loads(text).items() if key != "time_zone"}
    ssm.put_parameter(Name=name, Value=json.dumps(older), Overwrite=True)
    try:
        for command in (
            ("keep", key),
            ("run", key, "--keep"),
            ("databases", "add", "--file", str(file)),
        ):
            ran = stage.run_cli(*command)
            assert (ran.code, ran.out) == (2, "")
            assert "the stage was deployed by an older release" in ran.err
    finally:
        ssm.put_parameter(Name=name, Value=text, Overwrite=True)
    assert pins(stage, key) == []
