"""Turn one scheduled time into one job for each database that is due."""

from collections.abc import Sequence
from datetime import datetime

from snapper.aws.parameters import Parameters
from snapper.aws.queue import JobQueue
from snapper.errors import SettingsError
from snapper.values.job import Job, write_time
from snapper.values.timetable import due
from snapper.verbs.events import Events


def dispatch(
    scheduled_at: datetime,
    parameters: Parameters,
    queue: JobQueue,
    events: Events,
    rules: Sequence[str] = (),
) -> list[Job]:
    """Queue a job for every database that these rules are for, and give the jobs.

    Without a rule it is every database of the stage.

    Raises SettingsError if there is no database at all, AwsFailed if a single job is not queued.
    """
    options = parameters.options()
    if not options:
        raise SettingsError(
            "no database is configured for this stage",
            hint="set the two secrets and run pulumi up",
        )
    jobs = [Job(key, scheduled_at) for key in due(options, rules)]
    queue.send(jobs)
    for job in jobs:
        events.emit("job.queued", database=job.database, scheduled_at=write_time(job.scheduled_at))
    return jobs
