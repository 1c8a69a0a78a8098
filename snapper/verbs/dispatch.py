"""Turn one scheduled time into one job per database."""

from datetime import datetime

from snapper.aws.parameters import Parameters
from snapper.aws.queue import JobQueue
from snapper.errors import SettingsError
from snapper.values.job import Job, write_time
from snapper.verbs.events import Events


def dispatch(
    scheduled_at: datetime, parameters: Parameters, queue: JobQueue, events: Events
) -> list[Job]:
    """Queue a job for every database of the stage, and give the jobs.

    Raises SettingsError if there is no database at all, AwsFailed if a single job is not queued.
    """
    jobs = [Job(key, scheduled_at) for key in parameters.database_keys()]
    if not jobs:
        raise SettingsError(
            "no database is configured for this stage",
            hint="set the two secrets and run pulumi up",
        )
    queue.send(jobs)
    for job in jobs:
        events.emit("job.queued", database=job.database, scheduled_at=write_time(job.scheduled_at))
    return jobs
