"""`snapper list`, run against the deployed service."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key
from snapper.values.proof import Lacking, Proof
from snapper.values.verification import FailedTrial, Restored, Verification
from snapper.verbs.verify import record
from tests.support.databases import AT
from tests.support.manifests import LACKING, NOON, manifest
from tests.support.sealed import ANOTHER, KEY, OTHER, RECIPIENT
from tests.support.stage import StageUnderTest

OLDER = AT - timedelta(days=1)


@pytest.fixture
def two(stage: StageUnderTest) -> Iterator[str]:
    """A database that is backed up no more, with two old backups; they go with the test."""
    for at in (OLDER, AT):
        made = manifest(database="archive", scheduled_at=at, started_at=at, backup_bytes=1500)
        stage.put_backup(made)
    yield "archive"
    stage.forget("archive")


def test_the_newest_backup_comes_first(stage: StageUnderTest) -> None:
    with stage.database("orders", stage.source(18).dsn) as key:
        made = [stage.back_up(key, at) for at in (OLDER, AT)]
        (new, old) = stage.run_cli("list", key, "--json").document["databases"][key]
        assert [each["manifest"]["sha256"] for each in (old, new)] == [m.sha256 for m in made]
        assert old["taken_at"] == write_time(OLDER)
        assert new["fault"] is new["verification"] is None


def test_a_line_tells_what_people_want_to_know(stage: StageUnderTest, two: str) -> None:
    ran = stage.run_cli("list", two)
    assert ran.code == 0
    headers, newest, _ = ran.lines
    assert headers.split()[:3] == ["database", "taken", "at"]
    assert newest.startswith(f"{two}   {write_time(AT)}  ")
    assert "4.0 MB  1.5 kB  17.2" in newest
    assert newest.endswith("no")


def test_databases_that_are_backed_up_no_more_are_listed(stage: StageUnderTest, two: str) -> None:
    found = stage.run_cli("list", "--json").document["databases"]
    assert len(found[two]) == 2
    assert {"shop", "sensors"} <= found.keys()


def test_what_is_unfinished_is_no_backup(stage: StageUnderTest, two: str) -> None:
    stage.vault.put(object_key(two, NOON, Kind.DUMP), b"half")
    assert len(stage.run_cli("list", two).lines) == 3


@pytest.mark.parametrize(
    ("sound", "words"), [(True, "read 2026-11-23"), (False, "DAMAGED: cut short")]
)
def test_the_verdict_on_a_backup_is_shown(
    stage: StageUnderTest, two: str, sound: bool, words: str
) -> None:
    verdict = Verification(NOON, "ab" * 32, sound, "" if sound else "cut short")
    record(stage.vault, two, AT, verdict)
    ran = stage.run_cli("list", two)
    assert ran.lines[1].endswith(words)
    (newest, _) = stage.run_cli("list", two, "--json").document["databases"][two]
    assert newest["verification"]["sound"] is sound


def test_a_proof_is_shown_with_its_figures_and_with_what_it_leaves_open(
    stage: StageUnderTest, two: str
) -> None:
    lacking = Proof("18.6", lacking=Lacking(("postgis",), {"table": 3}))
    restored = Restored(12, 3400, 4.25, proof=lacking)
    record(stage.vault, two, AT, Verification(NOON, "ab" * 32, True, "", restored, NOON))
    line = stage.run_cli("list", two).lines[1]
    told = "restored 2026-11-23 but for postgis: 3 tables, 12 tables, 3,400 rows in 4.2 s"
    assert line.endswith(told)


def test_beside_a_trial_that_failed_no_figures_of_an_earlier_one_are_shown(
    stage: StageUnderTest, two: str
) -> None:
    failed = FailedTrial(NOON, "no function f")
    restored = Restored(12, 3400, 4.25)
    record(stage.vault, two, AT, Verification(NOON, "ab" * 32, True, "", restored, NOON, failed))
    line = stage.run_cli("list", two).lines[1]
    assert line.endswith("NOT RESTORED 2026-11-23: no function f")


def test_a_backup_that_was_begun_long_after_its_time_says_so(
    stage: StageUnderTest, two: str
) -> None:
    at = AT + timedelta(days=1)
    begun = at + timedelta(hours=2)
    stage.put_backup(manifest(database=two, scheduled_at=at, started_at=begun))
    _, newest, older, _ = stage.run_cli("list", two).lines
    assert newest.startswith(f"{two}   {write_time(begun)}  ")
    assert newest.endswith(f"no, was due at {write_time(at)}")
    (found, _, _) = stage.run_cli("list", two, "--json").document["databases"][two]
    assert (found["taken_at"], found["begun_at"]) == (write_time(at), write_time(begun))
    assert older.endswith("no")


@pytest.mark.parametrize("kind", [Kind.MANIFEST, Kind.VERIFICATION, Kind.DAMAGED])
def test_a_record_that_cannot_be_read_is_damage_and_hides_nothing_else(
    stage: StageUnderTest, two: str, kind: Kind
) -> None:
    stage.vault.put(object_key(two, AT, kind), b"{")
    ran = stage.run_cli("list", two)
    assert ran.code == 0
    assert "DAMAGED" in ran.lines[1]
    assert ran.lines[2].endswith("no")


def test_an_object_of_another_size_is_damage(stage: StageUnderTest, two: str) -> None:
    stage.vault.put(object_key(two, AT, Kind.DUMP), b"short")
    (newest, _) = stage.run_cli("list", two, "--json").document["databases"][two]
    assert "has 5 bytes" in newest["fault"]


def test_a_database_without_backups_leaves_stdout_to_programs(stage: StageUnderTest) -> None:
    with stage.database("empty", "postgresql://nobody@127.0.0.1:1/none") as key:
        ran = stage.run_cli("list", key)
        assert (ran.code, ran.out) == (0, "")
        where = f"stage {stage.name}, bucket {stage.service.bucket}"
        assert ran.err == f"there are no backups of {key} in {where}\n"
        assert stage.run_cli("list", key, "--json").document["databases"] == {key: []}


def test_a_database_that_nobody_knows_is_told_with_those_there_are(stage: StageUnderTest) -> None:
    ran = stage.run_cli("list", "shap")
    assert (ran.code, ran.out) == (2, "")
    assert "no database shap" in ran.err
    assert "sensors, shop" in ran.err


def test_what_a_backup_lacks_is_named(stage: StageUnderTest, two: str) -> None:
    at = AT + timedelta(days=1)
    stage.put_backup(manifest(database=two, scheduled_at=at, omitted=LACKING))
    _, newest, older, _ = stage.run_cli("list", two).lines
    assert newest.endswith("no, lacks foreign tables")
    assert older.endswith("no")
    found = stage.run_cli("list", two, "--json").document["databases"][two]
    (lacks,) = found[0]["manifest"]["omitted"]
    assert (lacks["kind"], lacks["count"]) == ("foreign_rows", 2)
    assert found[1]["manifest"]["omitted"] is None


def test_who_can_open_a_sealed_backup_is_shown_and_of_the_others_that_they_are_not_sealed(
    stage: StageUnderTest, two: str
) -> None:
    assert "sealed for" not in stage.run_cli("list", two).lines[0]
    made = manifest(
        database=two,
        scheduled_at=NOON,
        started_at=NOON,
        backup_bytes=1500,
        recipients=(RECIPIENT, ANOTHER),
        packed_bytes=1200,
        packed_sha256="cd" * 32,
    )
    stage.put_backup(made)
    headers, newest, *older = stage.run_cli("list", two).lines
    assert headers.split()[-3:] == ["sealed", "for", "verified"]
    assert f"  {KEY.recipient.short}, {OTHER.recipient.short}  " in newest
    assert all("  not sealed  " in line for line in older)
    found = stage.run_cli("list", two, "--json").document["databases"][two]
    assert [each["manifest"].get("recipients") for each in found] == [
        [RECIPIENT, ANOTHER],
        None,
        None,
    ]
