"""What is aimed at, and whether a run of the benchmark has met it."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.figures import Figures, Measured
from benchmarks.ways import CUSTOM, DISCARD, JOBS, PIPE, ZSTD, ours

MB = 10**6
_MEMORY = 110 * MB
_IMPORTS = 0.6
_SERIAL = 1.05
_SHARE_OF_JOBS = 0.7
_PIPE_TIMES = 3.0
_RESTORE = 1.1


class Target(NamedTuple):
    """One sentence, the figure that was found, and whether that is good enough."""

    what: str
    found: str
    met: bool

    def line(self) -> str:
        """Say it in one line.

        >>> Target("faster than light", "0.9 times", False).line()
        'not met: faster than light: 0.9 times'
        """
        return f"{'met' if self.met else 'not met'}: {self.what}: {self.found}"


def judged(figures: Figures) -> list[Target]:
    """Give all targets that these figures say something about."""
    found = [target for each in figures.databases for target in _dumps(each)]
    found += _restores(figures)
    peaks = [way.peak for each in figures.databases for name, way in each.ways.items() if way.peak]
    if peaks:
        found.append(
            Target(
                "memory of our process below 110 MB while it dumps",
                f"{max(peaks) / MB:.0f} MB at most",
                max(peaks) < _MEMORY,
            )
        )
    found.append(
        Target(
            f"the function's imports below {_IMPORTS} s",
            f"{figures.imports:.2f} s",
            figures.imports < _IMPORTS,
        )
    )
    return found


def _restores(figures: Figures) -> Iterator[Target]:
    seconds = {name: each["seconds"] for name, each in figures.restores.items()}
    plain, one = seconds.get("psql of a plain file"), seconds.get("snapper with 1 job")
    if plain and one:
        yield Target(
            "restored with 1 job within 10 % of psql of a plain file on the disk",
            f"{one / plain:.2f} times",
            one <= _RESTORE * plain,
        )
    several = [(name, took) for name, took in seconds.items() if name.endswith(" jobs")]
    ours = [took for name, took in several if name.startswith("snapper")]
    theirs = [took for name, took in several if name.startswith("pg_restore")]
    for own, other in zip(ours, theirs, strict=True):
        yield Target(
            "restored with jobs as fast as by pg_restore -j of a custom dump on the disk",
            f"{own / other:.2f} times",
            own <= other,
        )


def _dumps(each: Measured) -> Iterator[Target]:
    ways, one = each.ways, each.ways[ours(1)]
    yield Target(
        f"{each.title}: 1 job within 5 % of {DISCARD}",
        f"{one.ratio:.2f} times",
        one.ratio <= _SERIAL,
    )
    for jobs in JOBS[1:]:
        faster = 1 / ways[ours(jobs)].ratio
        yield Target(
            f"{each.title}: {jobs} jobs at least {_SHARE_OF_JOBS * jobs:.1f} times as fast as "
            f"{DISCARD} (meant for as many idle cores beside the server's)",
            f"{faster:.2f} times",
            faster >= _SHARE_OF_JOBS * jobs,
        )
    for line in (PIPE,):
        if (other := ways.get(line)) and other.stored:
            yield Target(
                f"{each.title}: no more bytes stored than by {line}",
                f"{one.stored / other.stored:.2f} times as many",
                one.stored <= other.stored,
            )
    if pipe := ways.get(PIPE):
        faster, share = pipe.seconds / one.seconds, one.cpu / pipe.cpu
        yield Target(
            f"{each.title}: 3 times faster than {PIPE}, at a third of the processor time",
            f"{faster:.1f} times, {share:.2f} of the time",
            faster >= _PIPE_TIMES and share <= 1 / _PIPE_TIMES,
        )
    if custom := ways.get(CUSTOM):
        yield Target(
            f"{each.title}: faster than {CUSTOM}, with less processor time",
            f"{custom.seconds / one.seconds:.2f} times, {one.cpu / custom.cpu:.2f} of the time",
            one.seconds < custom.seconds and one.cpu < custom.cpu,
        )
    if zstd := ways.get(ZSTD):
        yield Target(
            f"{each.title}: not slower than {ZSTD}",
            f"{zstd.seconds / one.seconds:.2f} times as fast",
            one.seconds <= zstd.seconds,
        )
