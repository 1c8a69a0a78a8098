"""How a dead letter looks: in a table, and as JSON."""

from typing import Any

from snapper.aws.dead_letters import Letter
from snapper.values.cloud_restore import CloudRestore, restore_container_name
from snapper.values.health import Failure
from snapper.values.job import write_time
from snapper.values.program import PROGRAM

_BEFORE = {"prune": "not pruned: ", "drill": "not proven: ", "plan": "no drill was planned: "}


def names(letter: Letter, failure: Failure | None) -> tuple[str, str, str]:
    """Give the database that a letter is of, when its backup was due, and when it failed."""
    failed_at = write_time(failure.at if failure else letter.sent_at)
    return name(letter), due(letter) or "", failed_at


def name(letter: Letter) -> str:
    """Give the database that a letter is of, or say that it is of all or of none."""
    return letter.database or ("(every database)" if letter.failure else "(foreign message)")


def due(letter: Letter) -> str | None:
    """Give the time for which the backup was scheduled."""
    if letter.job:
        return write_time(letter.job.scheduled_at)
    if wish := letter.drill or letter.restore:
        return write_time(wish.taken_at)
    return write_time(letter.failure.scheduled_at) if letter.failure else None


def reason(letter: Letter, failure: Failure | None) -> str:
    """Say why its last attempt failed."""
    if letter.restore:
        return _of_restore(letter.restore, failure)
    if failure:
        return f"{_BEFORE.get(_kind(letter), '')}{failure.reason}"
    if letter.job or letter.drill:
        return "no reason in the log (it may have expired)"
    return "neither a job nor an event of this stage; retry leaves it"


def to_dict(letter: Letter, failure: Failure | None) -> dict[str, Any]:
    """Give a letter as JSON values; what is not known is null."""
    return {
        "kind": _kind(letter),
        "database": letter.database,
        "scheduled_at": due(letter),
        "sent_at": write_time(letter.sent_at),
        "failed_at": write_time(failure.at) if failure else None,
        "reason": reason(letter, failure) if letter.restore else failure and failure.reason,
    }


def _of_restore(restore: CloudRestore, failure: Failure | None) -> str:
    """Say where it was to go, what Batch says of its end, and how to read what it said itself."""
    why = failure.reason if failure else "its container in AWS Batch failed"
    return (
        f"not restored into {restore.into}: {why}; {PROGRAM} restore --follow"
        f" {restore_container_name(restore)} shows what it said"
    )


def _kind(letter: Letter) -> str:
    if letter.job:
        return "job"
    if letter.pruned:
        return "prune"
    if letter.drill:
        return "drill"
    if letter.restore:
        return "restore"
    if letter.unplanned:
        return "plan"
    return "event" if letter.failure else "foreign"
