"""Which settings of drills contradict each other: what no proof could ever satisfy."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from snapper.values.options import SETTING
from snapper.values.proving import EVERY_BACKUP, FREQUENCIES, OFF, Proving
from snapper.values.secrets import Database


def faults(stage: Proving, databases: Iterable[Database]) -> Iterator[str]:
    """Tell of a frequency that is none, and of drills that are further apart than a proof may be.

    A database is told of where its own options make it so.
    """
    if stage.frequency not in FREQUENCIES:
        yield f"drill is {stage.drill}, must be {' or '.join(FREQUENCIES)}"
        return
    if fault := _fault(stage):
        yield fault
    for database in databases:
        options = database.options
        own = bool(options.drill) or options.proven_within_days is not None
        if own and (fault := _fault(stage.of(options))):
            yield f"{SETTING}.{database.key}: {fault}"


def _fault(proving: Proving) -> str:
    days, frequency = proving.within_days, proving.frequency
    # A backup may come at any time; and who has no drills may prove by hand.
    if not days or frequency in (EVERY_BACKUP, OFF):
        return ""
    pause = FREQUENCIES[frequency]
    if timedelta(days=days) > pause:
        return ""
    return (
        f"provenWithinDays is {days}, must be more than the {pause.days} days between two drills, "
        f"which are {frequency}, or 0 for never"
    )
