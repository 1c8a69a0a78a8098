"""Doctor says when a database was last proven, and what keeps drills from it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from snapper.cli.last_proof import NO_PROVER, examine_proof
from snapper.values.finding import Level
from snapper.values.proving import OFF, Proving
from snapper.values.trial import Trial
from snapper.values.verification import Accepted, FailedTrial, Restored, Verification
from snapper.verbs.catalog import Listed
from snapper.verbs.proven import Proven
from tests.support.backups import days
from tests.support.databases import AT
from tests.support.manifests import manifest

NOW = AT + timedelta(days=2)
MADE = [Listed(AT, manifest(scheduled_at=AT))]
LARGE = [Listed(AT, manifest(scheduled_at=AT, database_bytes=10**11, dump_bytes=10**11))]
PROVEN = Proven(Proving(), AT, AT, Restored(2, 300, 4.5), AT)


@pytest.mark.parametrize(
    ("backups", "proven", "level", "words"),
    [
        (MADE, PROVEN, Level.OK, "a backup was restored 2d ago: 2 tables, 300 rows in 4.5 s"),
        (MADE, Proven(Proving(), since=AT), Level.OK, "none was restored yet"),
        ([], Proven(Proving()), Level.OK, "none was restored yet"),
        (MADE, Proven(Proving(OFF), since=AT), Level.OK, "drill is off"),
        (LARGE, Proven(Proving(OFF), since=AT), Level.OK, "drill is off"),
        (MADE, Proven(Proving(), since=days(-9)), Level.WARNING, "restored for the proof for 11d"),
        (LARGE, PROVEN, Level.WARNING, "the newest backup is too large to be proven here"),
    ],
)
def test_one_finding_says_how_it_stands(
    backups: list[Listed], proven: Proven, level: Level, words: str
) -> None:
    found = examine_proof("orders", backups, proven, None, "4", NOW)
    assert (found.level, found.subject) == (level, "proof")
    assert words in found.fact
    assert bool(found.fix) == (level is Level.WARNING)


def test_where_the_size_of_the_disk_is_not_known_time_alone_is_too_short() -> None:
    for unknown in ("", "much"):
        assert "takes about" in examine_proof("orders", LARGE, PROVEN, None, unknown, NOW).fact


def test_what_a_container_proves_is_too_large_only_where_no_container_has_the_room() -> None:
    def words(backups: list[Listed]) -> str:
        return examine_proof("orders", backups, PROVEN, None, "4", NOW, hands_over=True).fact

    assert "a backup was restored" in words(LARGE)
    larger = manifest(scheduled_at=AT, database_bytes=10**12, dump_bytes=10**11)
    assert "GB of disk, and there are 212.6 GB" in words([Listed(AT, larger)])


READ = Verification(AT, "ab" * 32, sound=True)
FAILED = replace(READ, failed=FailedTrial(AT, "division by zero"))
ACCEPTED = replace(READ, failed=FailedTrial(AT, "division by zero", Accepted(AT, "ann", "old")))


@pytest.mark.parametrize(
    ("verdict", "level", "words"),
    [
        (FAILED, Level.WARNING, "was not proven on 2026-11-23: division by zero"),
        (READ, Level.WARNING, "was read whole, and is too large to be proven here"),
        (ACCEPTED, Level.OK, "none was restored yet, which is accepted: division by zero"),
    ],
)
def test_a_trial_that_proved_nothing_is_no_good_news(
    verdict: Verification, level: Level, words: str
) -> None:
    trial, proven = Trial(AT, AT, verdict, AT), Proven(Proving(), since=AT)
    found = examine_proof("orders", MADE, proven, trial, "4", NOW)
    assert found.level == level
    assert words in found.fact


def test_a_stage_without_a_prover_is_told_how_to_get_one() -> None:
    assert (NO_PROVER.level, NO_PROVER.fix) == (Level.WARNING, "pulumi up")
