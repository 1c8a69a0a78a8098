"""Several dumping programs at once as one dump.

Their pieces are joined in the order in which they come: between tables' rows a dump has no order.
What comes before all rows, and behind them, stays there.
"""

from collections.abc import Callable, Iterator
from typing import Protocol, Self

from snapper.engines.bands import Arrived, Bands, Text
from snapper.engines.following import Following
from snapper.engines.listing import Listing
from snapper.engines.packing import Packed
from snapper.engines.stage import Stage
from snapper.engines.strand import Strand
from snapper.errors import DumpFailed, SnapperError


class Programs(Protocol):
    """What dumps, all of it."""

    def check(self) -> None:
        """Raise the error that `stop` was called with, if it was."""
        ...

    def commit(self) -> None:
        """Raise as `check` does, or take the last step, which nobody can stop any more."""
        ...

    def stop(self, reason: SnapperError) -> bool:
        """Stop all of it from another thread; whoever reads it is then given the reason."""
        ...


class Joined:
    """The pieces of one stage, then those of the next, which is read while they are given.

    As a context, nothing of it outlives its block: where that ends early, the programs are stopped.
    A fault of one strand stops all others, and is raised by whoever takes the pieces.
    """

    def __init__(self, programs: Programs, *stages: Stage) -> None:
        self._programs = programs
        self._stages = stages

    def __enter__(self) -> Self:
        try:
            for stage in self._stages[:2]:
                stage.start(self._stop)
        except BaseException:
            # Without memory for a thread, those that have begun must end.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for stage in self._stages:
            stage.close()
        if any(stage.is_running for stage in self._stages):
            self._programs.stop(DumpFailed("nobody reads the dump any more"))
        for stage in self._stages:
            stage.join()

    def __iter__(self) -> Iterator[Packed]:
        for stage in self._stages:
            stage.start(self._stop)
            yield from stage

    @property
    def jobs(self) -> int:
        """How many programs give rows at once."""
        return max(len(stage.strands) for stage in self._stages)

    @property
    def refusal(self) -> str:
        """Why there can be no list of what is in it; nothing if there can be one."""
        listings = (strand.listing for stage in self._stages for strand in stage.strands)
        return next((each.refusal for each in listings if each.refusal), "")

    def check(self) -> None:
        """Raise what any of it has failed with, or was stopped with."""
        for stage in self._stages:
            stage.check()
        self._programs.check()

    def commit(self) -> None:
        """Take the last step, if nothing was stopped before."""
        self._programs.commit()

    def _stop(self, error: BaseException) -> None:
        if not isinstance(error, SnapperError):
            error = DumpFailed(f"{type(error).__name__} in a thread")
        self._programs.stop(error)


def joined(bands: Bands, follow: Callable[[], Following], split: int) -> Joined:
    """Join what several programs give; each of their pieces has some more than `split` bytes."""
    counters: list[list[tuple[str, str]]] = [[] for _ in bands.bands]
    listings = [Listing(follow(), beside=False, counters=each) for each in counters]
    rows = [
        Strand(text, listing, split=split)
        for text, listing in zip(bands.bands, listings, strict=True)
    ]

    def came() -> None:
        named = [[part.name for part in each.parts if part.name] for each in listings]
        bands.came([Arrived(*each) for each in zip(named, counters, strict=True)])

    def one(text: Text) -> Stage:
        return Stage(Strand(text, Listing(follow())))

    return Joined(bands, one(bands.before), Stage(*rows, came=came), one(bands.after))
