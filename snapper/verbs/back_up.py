"""One job, whole: read its secrets and dump."""

from dataclasses import replace

from snapper.aws.parameters import Parameters
from snapper.engines.engine import Engines
from snapper.errors import SecretsInvalid, ServerBusy, SnapperError
from snapper.values.job import Job, write_time
from snapper.values.options import SETTING, OptionsInvalid
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from snapper.verbs.events import tell_failure


def back_up(job: Job, parameters: Parameters, dumper: Dumper) -> None:
    """Back up the job's database; its manifest tells the pruner that there is one more.

    Logs `dump.ended` with the figures of the backup; `dump.failed` with the reason, and raises it;
    `dump.waits` where its server is dumped as often as may be, and the job is sent again for later.
    """
    events = dumper.events
    try:
        database = checked(parameters.database(job.database), dumper.engines)
        ready = _in_time(dumper, database)
        try:
            manifest = ready.dump(job, database)
        except ServerBusy as busy:
            if ready.turns and ready.turns.put_off(job, busy, events):
                return
            manifest = replace(ready, turns=None).dump(job, database)
    except SnapperError as error:
        tell_failure(events, "dump.failed", job, error)
        raise
    if manifest is not None:
        events.emit(
            "dump.ended",
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            object=manifest.dump_key,
            jobs=manifest.jobs,
            seconds=(manifest.finished_at - manifest.started_at).total_seconds(),
            database_bytes=manifest.database_bytes,
            dump_bytes=manifest.dump_bytes,
            backup_bytes=manifest.backup_bytes,
            sha256=manifest.sha256,
        )


def _in_time(dumper: Dumper, database: Database) -> Dumper:
    """Give the dump of this database no more time than its own option says."""
    if not (seconds := database.options.timeout):
        return dumper
    hint = f"the option timeout of {database.key} is {seconds} s: raise it, or leave it out"
    return replace(dumper, deadline=dumper.deadline.within(seconds, hint))


def checked(database: Database, engines: Engines) -> Database:
    """Check a connection and the options as the deployment did.

    Raises SecretsInvalid or OptionsInvalid if someone has written nonsense past it.
    """
    engine = engines(database.kind)
    if faults := tuple(engine.faults(database.connection)):
        raise SecretsInvalid(tuple(f"{database.key}: {fault}" for fault in faults))
    if wrong := [f"{SETTING}.{database.key}: {fault}" for fault in engine.option_faults(database)]:
        raise OptionsInvalid(wrong)
    return database
