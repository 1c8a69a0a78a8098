"""A key that left the secrets: status names it, verify leaves it alone, prune --orphan ends it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key
from snapper.verbs.orphans import GONE
from tests.support.databases import AT
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest

TIMES = [AT - timedelta(days=number) for number in range(3)]


@pytest.fixture
def lost(stage: StageUnderTest) -> Iterator[str]:
    """Three backups of a database that the stage does not have, beside somebody's notes."""
    for at in TIMES:
        stage.put_backup(manifest(database="lost", scheduled_at=at, backup_bytes=99))
    stage.vault.put("lost/notes.txt", b"keep me")
    yield "lost"
    stage.forget("lost")


def there(stage: StageUnderTest) -> set[str]:
    return {stored.key for stored in stage.vault.list("lost/")}


def test_status_names_it_with_count_and_size(stage: StageUnderTest, lost: str) -> None:
    (found,) = stage.run_cli("status", "--json").document["orphans"]
    assert (found["database"], found["backups"]) == (lost, 3)
    assert found["stored_bytes"] > 3 * 99
    out = stage.run_cli("status").out
    assert "lost is no longer backed up, and has 3 backups of" in out
    assert "prune --orphan lost deletes them" in out
    assert stage.run_cli("status", "shop", "--json").document["orphans"] == []


def test_verify_takes_it_only_when_it_is_named(stage: StageUnderTest, lost: str) -> None:
    document = stage.run_cli("verify", "--json").document
    assert {each["database"] for each in document["backups"]} == {"shop", "sensors"}
    assert document["orphans"] == [lost]
    assert "not looked at, for the stage does not have them: lost" in stage.run_cli("verify").err
    (named,) = stage.run_cli("verify", lost, "--json").document["backups"]
    assert named["verification"]["sound"] is False


def test_a_dry_run_shows_all_and_deletes_none(stage: StageUnderTest, lost: str) -> None:
    before = there(stage)
    ran = stage.run_cli("prune", "--orphan", lost, "--dry-run")
    assert ran.code == 0
    assert [line.split(maxsplit=2)[2] for line in ran.lines[1:]] == [
        f"would be deleted  {GONE}",
    ] * 3
    assert there(stage) == before


def test_it_deletes_all_of_ours_and_nothing_else(stage: StageUnderTest, lost: str) -> None:
    document = stage.run_cli("prune", "--orphan", lost, "--json").document
    assert document["databases"].keys() == {lost}
    assert [each["keep"] for each in document["databases"][lost]] == [False] * 3
    assert there(stage) == {"lost/notes.txt"}
    assert stage.run_cli("status", "--json").document["orphans"] == []
    assert stage.run_cli("prune", "--orphan", lost).code == 3


def test_it_keeps_as_many_as_are_said(stage: StageUnderTest, lost: str) -> None:
    document = stage.run_cli("prune", "--orphan", lost, "--keep", "2", "--json").document
    kept = [each["taken_at"] for each in document["databases"][lost] if each["keep"]]
    assert kept == [write_time(at) for at in TIMES[:2]]
    assert object_key(lost, TIMES[2], Kind.DUMP) not in there(stage)
    assert object_key(lost, TIMES[1], Kind.DUMP) in there(stage)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--orphan", "shop"), 2),
        (("--orphan", "../shop"), 2),
        (("--orphan", "nobody"), 3),
        (("shop", "--orphan", "lost"), 2),
        (("--keep", "0"), 2),
        (("--keep", "1"), 2),
        (("--orphan", "lost", "--keep", "-1"), 2),
    ],
)
def test_what_makes_no_sense_is_refused_and_deletes_nothing(
    stage: StageUnderTest, lost: str, arguments: tuple[str, ...], code: int
) -> None:
    before = {stored.key for stored in stage.vault.list("")}
    ran = stage.run_cli("prune", *arguments)
    assert ran.code == code, ran.err
    assert {stored.key for stored in stage.vault.list("")} == before
