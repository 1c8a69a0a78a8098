"""A backup has been made: delete what is beyond its database's count. No success, no prune."""

from datetime import UTC, tzinfo

from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, read_key
from snapper.values.secrets import Database
from snapper.verbs.bury import Undertaker
from snapper.verbs.events import Events, tell_failure
from snapper.verbs.prune import NO_TRACE, prune


def prune_for(
    key: str,
    parameters: Parameters,
    vault: Vault,
    events: Events,
    zone: tzinfo = UTC,
    undertaker: Undertaker = NO_TRACE,
    *,
    locked: bool = False,
) -> bool:
    """Prune the database whose manifest was made under this key, and tell whether there is one.

    The key is a hint, and may come from anybody who can write to the bucket: it chooses one of the
    stage's databases, and what goes there is decided by what lies there. Twice is once. `locked`
    says whether what is deleted may stay locked, which is told then.

    Logs `prune.ended`, or `prune.failed` with the reason and raises it.
    """
    made = read_key(key)
    if made is None or made.kind is not Kind.MANIFEST:
        events.emit("prune.skipped", object=key, reason="it is not the manifest of a backup")
        return False
    job = Job(made.database, made.at)
    try:
        if made.database not in parameters.database_keys():
            events.emit("prune.skipped", object=key, reason="the stage has no such database")
            return False
        database = Database(made.database, "", parameters.retention(made.database))
        verdicts = prune(
            vault,
            database,
            events,
            made.at,
            zone=zone,
            undertaker=undertaker,
            locked=locked,
        )
    except SnapperError as error:
        tell_failure(events, "prune.failed", job, error)
        raise
    events.emit(
        "prune.ended",
        database=job.database,
        scheduled_at=write_time(job.scheduled_at),
        deleted=sum(1 for verdict in verdicts if not verdict.keep),
    )
    return True
