"""Doctor says when a database was last proven, and what keeps drills from it."""

from datetime import timedelta

import pytest

from snapper.cli.last_proof import NO_PROVER, examine_proof
from snapper.values.finding import Level
from snapper.values.proving import OFF, Proving
from snapper.values.verification import Restored
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
    found = examine_proof("orders", backups, proven, "4", NOW)
    assert (found.level, found.subject) == (level, "proof")
    assert words in found.fact
    assert bool(found.fix) == (level is Level.WARNING)


def test_where_the_size_of_the_disk_is_not_known_time_alone_is_too_short() -> None:
    for unknown in ("", "much"):
        assert "takes about" in examine_proof("orders", LARGE, PROVEN, unknown, NOW).fact


def test_a_stage_without_a_prover_is_told_how_to_get_one() -> None:
    assert (NO_PROVER.level, NO_PROVER.fix) == (Level.WARNING, "pulumi up")
