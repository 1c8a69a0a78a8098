"""The page says what is bad as plainly as what is good."""

from dataclasses import replace
from datetime import timedelta

import pytest

from snapper.cli.evidence_page import Page
from snapper.verbs.evidence import Evidence
from tests.snapper.cli.test_html import Reader
from tests.support.sample_page import page


def text(found: Page) -> str:
    return Reader(found.render()).text


def one(**changed: object) -> Page:
    """A page of one database, of which something is otherwise."""
    sample = page()
    return replace(sample, found=[replace(sample.found[0], **changed)])  # type: ignore[arg-type]


def test_each_database_has_its_backups_proofs_and_failures() -> None:
    words = text(page())
    for each in page().found:
        assert words.count(each.database) == 3  # in the summary, the legend, over its own part
        assert each.backups[0].manifest
        assert each.backups[0].manifest.sha256 in words
    assert "server closed the connection unexpectedly" in words
    assert "but for postgis: 3 tables" in words
    assert "1, all mended" in words


def test_a_failure_that_is_not_mended_is_bad() -> None:
    (lost,) = page().found[0].failures
    rendered = one(failures=(replace(lost, mended_at=None),)).render()
    assert '<span class="bad">1, 1 not mended</span>' in rendered
    assert '<span class="bad">not yet</span>' in rendered


def test_a_damaged_backup_is_counted_apart() -> None:
    backups = list(page().found[0].backups)
    backups[0] = replace(backups[0], fault="its object is gone")
    rendered = one(backups=backups).render()
    assert '<span class="bad">6, 1 damaged</span>' in rendered
    assert '<span class="bad">DAMAGED: its object is gone</span>' in rendered


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"backups": []}, "There is no backup of this time."),
        ({"recoveries": []}, "No backup was restored for the proof in this time."),
    ],
)
def test_what_there_is_none_of_is_said(changed: dict[str, object], words: str) -> None:
    assert f'<p class="bad">{words}</p>' in one(**changed).render()


def test_what_could_not_be_read_is_said_first() -> None:
    words = text(replace(page(), unread=["the log of the prover could not be read"]))
    assert "Not complete: the log of the prover could not be read" in words


def test_the_longest_pause_is_between_two_good_backups() -> None:
    sample: Evidence = page().found[0]
    backups = [each for number, each in enumerate(sample.backups) if number != 3]
    assert replace(sample, backups=backups).longest_pause == timedelta(days=2)
    assert replace(sample, backups=backups[:1]).longest_pause is None
