"""One job, whole: read its secrets, dump, then prune. No success, no prune."""

from collections.abc import Iterator
from contextlib import contextmanager

from snapper.aws.parameters import Parameters
from snapper.engines.engine import Engines
from snapper.errors import SecretsInvalid, SnapperError
from snapper.values.job import Job, write_time
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from snapper.verbs.events import Events, tell_failure
from snapper.verbs.prune import prune


def back_up(job: Job, parameters: Parameters, dumper: Dumper) -> None:
    """Back up the job's database and then delete what is beyond its count.

    Logs `dump.ended` with the figures of the backup; `dump.failed` or `prune.failed` with the
    reason, and raises it.
    """
    events = dumper.events
    with _failure_told("dump.failed", job, events):
        database = checked(parameters.database(job.database), dumper.engines)
        manifest = dumper.dump(job, database)
    if manifest is not None:
        events.emit(
            "dump.ended",
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            object=manifest.dump_key,
            seconds=(manifest.finished_at - manifest.started_at).total_seconds(),
            database_bytes=manifest.database_bytes,
            dump_bytes=manifest.dump_bytes,
            backup_bytes=manifest.backup_bytes,
            sha256=manifest.sha256,
        )
    with _failure_told("prune.failed", job, events):
        prune(dumper.vault, database, events, just_made=job.scheduled_at)


def checked(database: Database, engines: Engines) -> Database:
    """Check a connection as the deployment did.

    Raises SecretsInvalid if someone has written nonsense past it.
    """
    if faults := tuple(engines(database.kind).faults(database.connection)):
        raise SecretsInvalid(tuple(f"{database.key}: {fault}" for fault in faults))
    return database


@contextmanager
def _failure_told(event: str, job: Job, events: Events) -> Iterator[None]:
    try:
        yield
    except SnapperError as error:
        tell_failure(events, event, job, error)
        raise
