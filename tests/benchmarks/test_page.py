"""The page of figures says what was measured, and which targets it misses."""

from xml.etree import ElementTree

import pytest

from benchmarks.figures import FILE, Figures, measured
from benchmarks.page import CHART, PAGE, drawn, page
from benchmarks.targets import judged
from benchmarks.ways import DISCARD, PIPE, Run, ours


def _round(one_job: float) -> dict[str, Run]:
    return {
        DISCARD: Run(2.0, 1.0),
        PIPE: Run(20.0, 18.0, stored=400),
        ours(1): Run(one_job, 4.0, stored=390, peak=90_000_000, dumped=10**9),
        ours(2): Run(1.2, 4.0, stored=390, peak=95_000_000, dumped=10**9),
        ours(4): Run(1.9, 4.0, stored=390, peak=111_000_000, dumped=10**9),
    }


@pytest.fixture
def figures() -> Figures:
    database = measured("1 GB of text", [_round(2.05), _round(9.0), _round(2.05)])
    restores = {
        "psql of a plain file": {"seconds": 10.0},
        "snapper with 1 job": {"seconds": 10.9, "cpu": 4.0, "peak": 9e7},
        "snapper with 4 jobs": {"seconds": 6.0, "cpu": 4.0, "peak": 9e7},
        "pg_restore with 4 jobs": {"seconds": 5.0},
    }
    return Figures("2 cores", "2026-11-26", "3.11.7", True, 0.47, (database,), restores)


def test_a_ratio_is_of_one_round_and_the_median_of_all(figures: Figures) -> None:
    assert figures.databases[0].ways[ours(1)].ratio == pytest.approx(1.025)


def test_what_is_missed_is_said_as_plainly_as_what_is_met(figures: Figures) -> None:
    met = {each.what.partition(": ")[2] or each.what: each.met for each in judged(figures)}

    assert met[f"1 job within 5 % of {DISCARD}"]
    assert met[f"no more bytes stored than by {PIPE}"]
    assert met["the function's imports below 0.6 s"]
    assert not met["memory of our process below 110 MB while it dumps"]
    assert [met[each] for each in met if each.startswith("2 jobs")] == [True]
    assert [met[each] for each in met if each.startswith("4 jobs")] == [False]
    assert [met[each] for each in met if each.startswith("restored")] == [True, False]
    assert "**not met**" in page(figures)


def test_the_chart_is_an_image_with_a_bar_for_each_way(figures: Figures) -> None:
    image = ElementTree.fromstring(drawn(figures))  # noqa: S314  we have just drawn it
    bars = image.findall("{*}rect")

    assert len(bars) == 1 + len(figures.databases[0].ways) + len(figures.restores)


def test_figures_are_read_back_as_they_were_written(figures: Figures) -> None:
    assert Figures.from_json(figures.to_json()) == figures


@pytest.mark.skipif(not FILE.exists(), reason="nothing was measured in full yet")
def test_the_page_is_what_the_kept_figures_say() -> None:
    kept = Figures.from_json(FILE.read_text(encoding="utf-8"))

    assert (PAGE.read_text(encoding="utf-8"), CHART.read_text(encoding="utf-8")) == (
        page(kept),
        drawn(kept),
    ), "python -m benchmarks.page"
