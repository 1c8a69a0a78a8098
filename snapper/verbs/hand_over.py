"""Jobs whose dump does not end within a function: handed over to a container, which dumps too.

The delivery of a job is then done, and the container owns its outcome. Nothing is kept of it: what
waits or works is asked for by the name that the job gives it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, DeadlineReached
from snapper.values.container import Size, container_name, size_for
from snapper.values.estimate import LOOKED_AT, Took, jobs_for, too_long
from snapper.values.job import Job, write_time
from snapper.values.keys import Kind
from snapper.values.options import BATCH, FUNCTION
from snapper.values.secrets import Database
from snapper.verbs.catalog import holdings
from snapper.verbs.events import Events


class Containers(Protocol):
    """What runs containers, each with a name of its own."""

    def submit(self, payload: str, name: str, size: Size, /) -> str:
        """Start one unless one of this name is under way; give its id."""
        ...

    def under_way(self, name: str, /) -> str | None:
        """Give the id of the one that is under way, if any is."""
        ...


@dataclass(frozen=True)
class HandOver:
    """Where jobs are handed over to; `jobs` is by how many connections the stage dumps."""

    vault: Vault
    containers: Containers
    events: Events
    jobs: int = 0

    def why(
        self, job: Job, database: Database, size: int, seconds: float | None, now: datetime
    ) -> str:
        """Say why a job goes to a container; nothing where it is done here.

        `size` is the database's in bytes, `seconds` is the time that there is here. Raises
        AwsFailed.
        """
        chosen = database.options.dump_in
        if chosen == BATCH:
            return f"the option dumpIn of {job.database} is {BATCH}"
        if seconds is None or not _may_leave(database):
            return ""
        return too_long(size, list(took(self.vault, job.database, now)), seconds)

    def take(self, job: Job, database: Database, size: int, why: str) -> None:
        """Hand a job over, and log `dump.handed_over`; raises AwsFailed.

        One that a container is at work on stays with that one.
        """
        asked = database.options.dump_jobs
        jobs = jobs_for(size, self.jobs if asked is None else asked)
        container = self.containers.submit(job.to_json(), container_name(job), size_for(jobs))
        self.events.emit(
            "dump.handed_over",
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            database_bytes=size,
            container=container,
            reason=why,
        )

    def take_late(self, job: Job, database: Database, size: int, late: DeadlineReached) -> None:
        """Hand over a job whose dump had to be stopped here, and note that in the error.

        Where that fails, the next delivery of the job comes to this again.
        """
        if not _may_leave(database):
            return
        try:
            self.take(job, database, size, str(late))
        except AwsFailed as error:
            late.hint = f"it could not be handed over to AWS Batch: {error}"
        else:
            late.handed_over = late.reported = True

    def is_at_work(self, job: Job) -> bool:
        """Tell whether a container is at work on a job; raises AwsFailed."""
        return self.containers.under_way(container_name(job)) is not None


def took(vault: Vault, database: str, now: datetime) -> Iterator[Took]:
    """Say how long the last backups of a database took, as far as a listing tells.

    S3 dates a dump of several parts by the beginning of its upload: from there to the manifest it
    took at least. From when it was due it took at most, with what it waited for its turn and what
    earlier attempts took.
    """
    found = (each for each in holdings(vault, database, now) if not each.ahead)
    made = ((each, each.dump) for each in found if each.entry.complete)
    for holding, dump in islice(((each, dump) for each, dump in made if dump), LOOKED_AT):
        made_at = holding.objects[Kind.MANIFEST].changed_at
        least = (made_at - dump.changed_at).total_seconds()
        most = (made_at - holding.taken_at).total_seconds()
        yield Took(max(least, 0.0), max(least, most, 0.0))


def _may_leave(database: Database) -> bool:
    """Tell whether a dump may take longer elsewhere: not one that has a time-out of its own."""
    return not database.options.timeout and database.options.dump_in != FUNCTION
