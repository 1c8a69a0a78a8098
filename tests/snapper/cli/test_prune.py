"""`snapper prune`: what goes and what stays, and why; told before and after."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key
from snapper.values.verification import Verification
from snapper.verbs.verify import record
from tests.support.databases import AT
from tests.support.manifests import NOON, manifest
from tests.support.stage import StageUnderTest

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
TIMES = [AT - timedelta(days=number) for number in range(4)]


@pytest.fixture
def key(stage: StageUnderTest) -> Iterator[str]:
    """A database with four backups, two of which may stay, an older half and a stranger."""
    with stage.database("crowded", NOWHERE, retention=2) as added:
        for at in TIMES:
            stage.put_backup(manifest(database=added, scheduled_at=at, backup_bytes=99))
        stage.vault.put(object_key(added, NOON - timedelta(days=9), Kind.DUMP), b"half")
        stage.vault.put(f"{added}/notes.txt", b"keep me")
        yield added


def there(stage: StageUnderTest, key: str) -> set[str]:
    return {stored.key for stored in stage.vault.list(f"{key}/")}


def test_a_dry_run_explains_each_and_deletes_none(stage: StageUnderTest, key: str) -> None:
    before = there(stage, key)
    ran = stage.run_cli("prune", key, "--dry-run")
    assert ran.code == 0
    assert [line.split(maxsplit=2)[2] for line in ran.lines[1:]] == [
        "stays             number 1 of the 2 to keep",
        "stays             number 2 of the 2 to keep",
        "would be deleted  number 3, beyond the 2 to keep",
        "would be deleted  number 4, beyond the 2 to keep",
        "would be deleted  unfinished, older than every backup that stays",
    ]
    assert there(stage, key) == before


def test_it_deletes_what_the_dry_run_said(stage: StageUnderTest, key: str) -> None:
    said = stage.run_cli("prune", key, "--dry-run", "--json").document
    done = stage.run_cli("prune", key, "--json").document
    assert said["databases"] == done["databases"]
    assert (said["dry_run"], done["dry_run"]) == (True, False)
    kept = [each["taken_at"] for each in done["databases"][key] if each["keep"]]
    assert kept == [write_time(at) for at in TIMES[:2]]
    assert there(stage, key) == {
        f"{key}/notes.txt",
        *(object_key(key, at, kind) for at in TIMES[:2] for kind in (Kind.DUMP, Kind.MANIFEST)),
    }
    again = stage.run_cli("prune", key, "--json").document["databases"][key]
    assert [each["keep"] for each in again] == [True, True]


def test_what_was_deleted_is_said_so(stage: StageUnderTest, key: str) -> None:
    ran = stage.run_cli("prune", key)
    assert sum("  deleted  " in line for line in ran.lines) == 3


def test_what_list_calls_damaged_is_never_counted(stage: StageUnderTest, key: str) -> None:
    stage.vault.put(object_key(key, TIMES[0], Kind.DUMP), b"neither empty nor whole")
    record(stage.vault, key, TIMES[1], Verification(NOON, "ab" * 32, sound=False, reason="cut"))
    assert sum("DAMAGED" in line for line in stage.run_cli("list", key).lines) == 2
    for options in (("--dry-run",), ()):
        ran = stage.run_cli("prune", key, *options)
        assert [line.split(maxsplit=3)[3] for line in ran.lines[1:5]] == [
            "damaged, never counted",
            "damaged, never counted",
            "number 1 of the 2 to keep",
            "number 2 of the 2 to keep",
        ]
    kept = {object_key(key, at, kind) for at in TIMES for kind in (Kind.DUMP, Kind.MANIFEST)}
    assert kept <= there(stage, key)


def test_without_a_name_every_database_is_looked_at(stage: StageUnderTest, key: str) -> None:
    found = stage.run_cli("prune", "--dry-run", "--json").document["databases"]
    assert found.keys() == {key, "shop", "sensors"}


def test_what_is_backed_up_no_more_has_no_count_and_is_left_alone(stage: StageUnderTest) -> None:
    stage.put_backup(manifest(database="archive", scheduled_at=AT, backup_bytes=99))
    assert stage.run_cli("prune", "archive").code == 2
    assert "archive" not in stage.run_cli("prune", "--json").document["databases"]
    assert there(stage, "archive")
    stage.forget("archive")
