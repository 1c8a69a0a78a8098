"""Where the backup of a job lies: under its time, or right beside what a dead writer left there.

Who dumps may delete nothing, and replace nothing: whoever steals its rights could do that too.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from snapper.aws.vault import Vault
from snapper.errors import BackupInProgress, DumpFailed
from snapper.values.job import Job
from snapper.values.keys import DUMPS, LISTS, Kind, object_key
from snapper.verbs.catalog import holding_at
from snapper.verbs.holding import Holding

LONGEST_FINISH = timedelta(minutes=16)
"""Between its dump and its manifest no writer lives longer: Lambda ends a function after 15.

S3 dates a dump of several parts by the beginning of its upload.
"""

AtWork = Callable[[Job], bool]
"""Tells whether a writer that lives longer, such as a container, is at work on a job."""


def nobody(_: Job) -> bool:
    """Say that there is none."""
    return False


_PLACES = 10
_NEXT = timedelta(seconds=1)


def place_for(vault: Vault, job: Job, now: datetime, at_work: AtWork = nobody) -> Holding:
    """Give where a job's backup is, or where it is to be made: then nothing of it is there yet.

    A dump without manifest is waited for while its writer may still be alive, or is `at_work`. One
    that is older was left by a dead writer, and stays until retention takes it away: the place of a
    second later is as good. So it is beside what was there before the backup was due: that is
    nobody's backup. Raises BackupInProgress, and DumpFailed where all places are taken.
    """
    for holding in _places(vault, job, now):
        if _is_made(holding) or not _is_taken(holding):
            return holding
        left_over = None if holding.ahead or not holding.dumps else holding.dumps[-1]
        if left_over and (now - left_over.changed_at < LONGEST_FINISH or at_work(job)):
            raise BackupInProgress(
                f"{left_over.key} was stored a moment ago and has no manifest yet",
                hint="the job returns to the queue and is tried again",
            )
    raise DumpFailed(
        f"{object_key(job.database, job.scheduled_at, Kind.DUMP)} and the next {_PLACES - 1} places"
        " hold something that is no backup",
        hint="find out who may write to the bucket, and delete what Snapper has not made",
    )


def made_for(vault: Vault, job: Job) -> Holding | None:
    """Give the backup that a job has made, if it has."""
    for holding in _places(vault, job):
        if _is_made(holding):
            return holding
        if not _is_taken(holding):
            return None
    return None


def _places(vault: Vault, job: Job, now: datetime | None = None) -> Iterator[Holding]:
    """Look at a job's own place and, if somebody needs it, at the next one."""
    for number in range(_PLACES):
        yield holding_at(vault, job.database, job.scheduled_at + number * _NEXT, now)


def _is_made(holding: Holding) -> bool:
    return holding.entry.complete and not holding.ahead


def _is_taken(holding: Holding) -> bool:
    # A list too: who dumps can put none in the place of one that is there.
    return bool({*DUMPS, Kind.MANIFEST, *LISTS} & holding.objects.keys())
