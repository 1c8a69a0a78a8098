"""Writes docs/performance.md and its chart from kept figures: `python -m benchmarks.page`."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.chart import chart
from benchmarks.figures import FILE, Figures, Measured
from benchmarks.targets import judged

_DOCS = Path(__file__).parents[1] / "docs"
PAGE, CHART = _DOCS / "performance.md", _DOCS / "performance.svg"
_SEEN = Path(__file__).with_name("seen.md")
_MB = 10**6


def write(figures: Figures) -> None:
    """Write the page and the chart."""
    PAGE.write_text(page(figures), encoding="utf-8")
    CHART.write_text(drawn(figures), encoding="utf-8")


def drawn(figures: Figures) -> str:
    """Draw all ways to dump, and to restore."""
    groups = {
        each.title: {name: way.seconds for name, way in each.ways.items()}
        for each in figures.databases
    }
    if figures.restores:
        restores = {name: each["seconds"] for name, each in figures.restores.items()}
        groups["1 GB with keys and indexes, restored"] = restores
    return chart(groups, ("Snapper", "snapper"))


def page(figures: Figures) -> str:
    """Give the whole page."""
    return "\n".join(
        [
            "# How fast it is",
            "",
            "Written by `bin/bench --full`; without `--full` it measures a tenth of it, and writes",
            "nothing. What was seen on the way stands at the end, in `benchmarks/seen.md`.",
            "",
            f"Measured {figures.at} on {figures.machine}, Python {figures.version}.",
            "The server, the clients and an S3 on loopback that throws everything away share the",
            "processors. What we take of them slows the server down, so on two cores no way that",
            "compresses can be as fast as one that does not. All ways run in turn; seconds are",
            "medians, and ratios medians of those within one round. Our own time is from the job",
            "at hand until the backup exists, in a function that has imported its modules: that",
            f"takes {figures.imports:.2f} s. Large databases alone are dumped by several programs.",
            f"`aws` is {_aws(figures)}. Processor time is of all programs but the server and S3.",
            "",
            "![seconds of each way](performance.svg)",
            "",
            tables(figures),
            "## What was aimed at",
            "",
            "| target | found | |",
            "|---|---|---|",
            *(
                f"| {each.what.replace('|', '&#124;')} | {each.found} | {_word(met=each.met)} |"
                for each in judged(figures)
            ),
            "",
            _SEEN.read_text(encoding="utf-8"),
        ]
    )


def tables(figures: Figures) -> str:
    """Give a table for each database, and one of restores."""
    lines = [line for each in figures.databases for line in _table(each)]
    if figures.restores:
        lines += _restores(figures)
    return "\n".join(lines)


def _table(each: Measured) -> Iterator[str]:
    yield f"## {each.title}"
    yield ""
    yield f"{each.dumped / _MB:,.0f} MB of plain SQL, rounds: {each.rounds}."
    yield ""
    yield "| way | seconds | of the limit | processor seconds | MB stored | our memory, MB |"
    yield "|---|---|---|---|---|---|"
    for name, way in each.ways.items():
        stored = f"{way.stored / _MB:,.0f}" if way.stored else ""
        peak = f"{way.peak / _MB:.0f}" if way.peak else ""
        yield (
            f"| `{name.replace('|', chr(92) + '|')}` | {way.seconds:.1f} | {way.ratio:.2f} | "
            f"{way.cpu:.1f} | {stored} | {peak} |"
        )
    yield ""


def _restores(figures: Figures) -> Iterator[str]:
    least = min(each["seconds"] for each in figures.restores.values())
    yield "## Restores"
    yield ""
    yield "A database with primary keys and indexes, into one that is made for it, from an S3 on"
    yield "loopback; a file on the disk is what the others read."
    yield ""
    yield "| way | seconds | of the fastest | our memory, MB |"
    yield "|---|---|---|---|"
    for name, each in figures.restores.items():
        peak = f"{each['peak'] / _MB:.0f}" if "peak" in each else ""
        yield f"| {name} | {each['seconds']:.1f} | {each['seconds'] / least:.2f} | {peak} |"
    yield ""


def _aws(figures: Figures) -> str:
    if figures.real_aws:
        return "Amazon's own command line"
    return "not installed here: boto3's `upload_fileobj` of standard input stands in for it"


def _word(*, met: bool) -> str:
    return "met" if met else "**not met**"


if __name__ == "__main__":
    write(Figures.from_json(FILE.read_text(encoding="utf-8")))
