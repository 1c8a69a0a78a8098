"""How one database stands: a row of a table, the lines below it, and JSON."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from snapper.cli import render
from snapper.cli.list import to_dict as backup_to_dict
from snapper.cli.list import verdict
from snapper.values.clock import AHEAD
from snapper.values.job import write_time
from snapper.values.program import PROGRAM
from snapper.values.rules import Retention, to_json
from snapper.values.trial import Trial
from snapper.values.verification import WITHOUT_OPENING
from snapper.verbs.catalog import Listed
from snapper.verbs.status import Standing

HEADERS = (
    "database",
    "state",
    "newest",
    "backups",
    "stored",
    "usual",
    "failed",
    "proven",
    "recovery",
    "verified",
)
SPARE = ("usual", "stored", "failed", "recovery", "backups", "proven")


def explained(each: Standing) -> Iterator[str]:
    """Say what the table has no room for."""
    if failure := each.health.failure:
        yield f"{each.database} failed at {write_time(failure.at)}: {failure.reason}"
    yield from _in_containers(each)
    if newest := _newest(each):
        for omission in newest.omitted:
            yield f"{each.database}: {render.with_fixes(omission.fact, omission.fix)}"
    if each.pinned:
        yield (
            f"{each.database} has {render.number(len(each.pinned), 'backup')} pinned, whatever "
            f"retention decides: {PROGRAM} list {each.database} shows which, and why"
        )
    for listed in each.damaged:
        at = write_time(listed.begun_at)
        yield f"the backup of {each.database} at {at} is DAMAGED: {listed.damage}"
    for listed in each.ahead:
        yield (
            f"the backup of {each.database} at {write_time(listed.begun_at)} is {AHEAD}: it counts "
            "for nothing, and either it is forged or a clock was wrong"
        )
    if "unproven" in each.health.problems and each.proven.since:
        yield render.with_fixes(
            f"no backup of {each.database} was restored for the proof since "
            f"{each.proven.since:%Y-%m-%d}{_unopened(each)}",
            f"{PROGRAM} drill {each.database} --wait does it now, {PROGRAM} doctor "
            f"{each.database} says what keeps drills from it",
        )
    if each.trial and (failed := each.trial.verdict.failed):
        if word := failed.accepted:
            yield (
                f"a backup of {each.database} was not proven on {failed.at:%Y-%m-%d}, which "
                f"{word.by} accepted on {word.at:%Y-%m-%d}: {word.reason}"
            )
            return
        yield (
            f"the backup of {each.database} at {write_time(each.trial.begun_at)} was not proven "
            f"on {failed.at:%Y-%m-%d}: {failed.reason}"
        )
        yield (
            f"-> {PROGRAM} verify {each.database} --restore proves a later backup, "
            "--accept REASON says why that is no reason to worry"
        )


def _unopened(each: Standing) -> str:
    """Say what was proven nevertheless, where drills have no key that opens it."""
    verdict = each.trial.verdict if each.trial else None
    if verdict is None or not verdict.unopened:
        return ""
    return f": it is sealed, and on {verdict.verified_at:%Y-%m-%d} was {WITHOUT_OPENING}"


def _in_containers(each: Standing) -> Iterator[str]:
    for does, due in (("makes", each.in_container), ("proves", each.proving_in_container)):
        if due:
            backup = f"the backup of {each.database} due {write_time(due)}"
            yield f"a container of AWS Batch {does} {backup}"


def row(each: Standing, now: datetime) -> tuple[str, ...]:
    """Give the cells of its row."""
    newest, bad, proven = each.health.newest, len(each.damaged), each.proven
    told = each.trial.verdict.failed if each.trial else None
    damaged = f", {bad} damaged" if bad else ""
    ahead = f", {len(each.ahead)} {AHEAD}" if each.ahead else ""
    pinned = f", {len(each.pinned)} pinned" if each.pinned else ""
    return (
        each.database,
        _state(each),
        f"{render.age(now - newest.taken_at)} ago" if newest else "none",
        f"{len(each.counted)} {_kept(each.retention)}{pinned}{damaged}{ahead}",
        render.size(newest.backup_bytes) if newest else "",
        render.size(int(each.health.usual_bytes)) if each.health.usual_bytes else "",
        "?" if each.dead_letters is None else str(each.dead_letters),
        f"{render.age(now - proven.at)} ago" if proven.at else "never",
        f"{proven.restored.seconds:.1f} s" if proven.restored else "",
        verdict(shown, told) if (shown := _newest(each)) else "",
    )


def _kept(keep: Retention) -> str:
    return f"of {keep}" if isinstance(keep, int) else f"by {keep}"


def _newest(each: Standing) -> Listed | None:
    """Give the newest backup that is good; without any the newest, with what is wrong with it.

    What is stamped later than now is not the newest of anything.
    """
    return next(iter([*each.good, *each.damaged]), None)


def _state(each: Standing) -> str:
    # What was given up is not still being tried.
    given_up = "failed" in each.health.problems
    shown = [each for each in each.health.problems if not (given_up and each == "failing")]
    return ", ".join(shown).upper() or "ok"


def to_dict(each: Standing) -> dict[str, Any]:
    """Give it as JSON values; what is not there is null."""
    newest, failure = each.health.newest, each.health.failure
    return {
        "database": each.database,
        "problems": list(each.health.problems),
        "newest": backup_to_dict(shown) if (shown := _newest(each)) else None,
        "backups": len(each.backups),
        "damaged": len(each.damaged),
        "ahead": len(each.ahead),
        "pinned": len(each.pinned),
        "retention": to_json(each.retention),
        "stored_bytes": newest.backup_bytes if newest else None,
        "usual_bytes": each.health.usual_bytes,
        "dead_letters": each.dead_letters,
        "proven": each.proven.to_dict(),
        "trial": _trial_to_dict(each.trial) if each.trial else None,
        "in_container": _time(each.in_container),
        "proving_in_container": _time(each.proving_in_container),
        "failure": {"at": write_time(failure.at), "reason": failure.reason} if failure else None,
    }


def _time(at: datetime | None) -> str | None:
    return write_time(at) if at else None


def _trial_to_dict(trial: Trial) -> dict[str, Any]:
    return {"taken_at": write_time(trial.taken_at), "verification": trial.verdict.to_dict()}
