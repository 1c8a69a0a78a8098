"""`snapper status`: how every database stands; fit for a health check."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import typer

from snapper.cli import render
from snapper.cli.list import to_dict as backup_to_dict
from snapper.cli.list import verdict
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.stage import Stage
from snapper.values.clock import AHEAD
from snapper.values.finding import Level
from snapper.values.job import write_time
from snapper.values.program import PROGRAM
from snapper.values.schedule import Schedule
from snapper.values.timetable import schedule_of
from snapper.values.trial import Trial
from snapper.verbs.alarms import examine_alarms
from snapper.verbs.catalog import Listed
from snapper.verbs.letters import Letters, look
from snapper.verbs.orphans import Orphan, orphans
from snapper.verbs.run import chosen
from snapper.verbs.status import Standing, Surroundings, newest_failures, standing

_HEADERS = (
    "database",
    "state",
    "newest",
    "backups",
    "stored",
    "usual",
    "failed",
    "verified",
)
_SPARE = ("usual", "stored", "failed", "backups")


def status(
    context: typer.Context,
    keys: KeysArgument = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show the state of every database, one line each. Exits 1 if something is wrong.

    A database is LATE when its newest good backup is older than 1.5 times its schedule's period, or
    than its option maxAgeHours,
    SHRUNK when that is less than half the median of the five before (the usual size), FAILING when
    a later attempt failed, FAILED when a job was given up and is a dead letter, DAMAGED
    when a backup does not match its manifest, UNRESTORABLE when `verify --restore` failed for the
    newest backup that it tried, until it succeeds for a later one or you accept that (see verify),
    STAMPED LATER THAN NOW when a backup bears a time that is still to come; that one never counts.

    Any other dead letter counts as wrong too, such as a scheduled event that never became jobs.
    Whoever may not read them sees how many there are, not whose.
    What the newest backup lacks of its database is shown, that nobody is notified of failures, and
    that there are backups of databases which the stage no longer has; none of these changes the
    exit code. `failed` counts the dead letters of a database; with --json all times are exact.
    """
    outcome: Outcome = context.obj
    opened = Stage.open(stage, profile, region)
    now = datetime.now(UTC)
    parameters = opened.parameters
    named = chosen(keys or (), parameters)
    letters = look(opened.letters)
    if keys:
        letters = letters.of(named)
    options = parameters.options()
    schedules = [schedule_of(options[key], opened.schedule) for key in named]
    around = Surroundings(
        opened.schedule, newest_failures(opened.logs, schedules, now), letters, options
    )
    standings = [
        standing(opened.vault, key, parameters.retention(key), around, now) for key in named
    ]
    undispatched = sum(1 for letter in letters.read if letter.undispatched)
    waiting = opened.queue.waiting()
    coming = opened.schedule.next_after(now)
    alarms = examine_alarms(opened.topic)
    left_over = [] if keys else orphans(opened.vault, named)
    healthy = not letters.total and all(not each.health.problems for each in standings)
    outcome.code = 0 if healthy else 1
    if json:
        render.document(
            {
                "stage": stage,
                "healthy": healthy,
                "schedule": opened.service.schedule,
                "next_run": write_time(coming) if coming else None,
                "jobs_waiting": waiting,
                "dead_letters": letters.total,
                "dead_letters_unread": letters.unread,
                "undispatched": undispatched if letters.readable else None,
                "alarms": alarms.to_dict(),
                "orphans": [asdict(each) for each in left_over],
                "databases": [
                    {**_to_dict(each), "options": options[each.database].to_dict()}
                    for each in standings
                ],
            }
        )
        outcome.answered = True
        return
    render.table(_HEADERS, [_row(each, now) for each in standings], _SPARE)
    render.say("")
    for each in standings:
        for line in _explained(each):
            render.say(line)
    render.say(_explained_schedule(opened.service.schedule, opened.schedule, now))
    for key in named:
        if own := options[key].schedule:
            told = _explained_schedule(own, schedule_of(options[key], opened.schedule), now)
            render.say(f"{key} has its own: {told}")
    dead = render.number(letters.total, "dead letter")
    render.say(f"{render.number(waiting, 'job')} waiting or running, {dead}")
    if undispatched:
        events = render.number(undispatched, "scheduled event")
        render.say(f"{events} never became jobs")
    for line in (*_explained_letters(letters), *map(_explained_orphan, left_over)):
        render.say(line)
    if alarms.level is not Level.OK:
        render.say(render.with_fixes(alarms.fact, alarms.fix))


def _explained_schedule(expression: str, schedule: Schedule, now: datetime) -> str:
    coming = schedule.next_after(now)
    until = f", next run in {render.age(coming - now)}" if coming else ""
    return f"schedule {expression}{until}"


def _explained_orphan(orphan: Orphan) -> str:
    backups = render.number(orphan.backups, "backup")
    return render.with_fixes(
        f"{orphan.database} is no longer backed up, and has {backups} of "
        f"{render.size(orphan.stored_bytes)}",
        f"{PROGRAM} prune --orphan {orphan.database} deletes them",
    )


def _explained_letters(letters: Letters) -> Iterator[str]:
    """Say what becomes of the dead letters, and of which we do not know whose they are."""
    if letters.unread and letters.readable:
        yield f"{letters.unread} of them cannot be read now: somebody else reads or hides them"
    if letters.unread and not letters.readable:
        yield (
            "which databases they are of is shown to whoever may read dead letters: "
            f"{PROGRAM} policy restore prints that right"
        )
    elif letters.total:
        yield f"{PROGRAM} failures shows why; retry, or failures --discard, ends the alarm"


def _explained(each: Standing) -> Iterator[str]:
    """Say what the table has no room for."""
    if failure := each.health.failure:
        yield f"{each.database} failed at {write_time(failure.at)}: {failure.reason}"
    if newest := _newest(each):
        for omission in newest.omitted:
            yield f"{each.database}: {render.with_fixes(omission.fact, omission.fix)}"
    for listed in each.damaged:
        at = write_time(listed.begun_at)
        yield f"the backup of {each.database} at {at} is DAMAGED: {listed.damage}"
    for listed in each.ahead:
        yield (
            f"the backup of {each.database} at {write_time(listed.begun_at)} is {AHEAD}: it counts "
            "for nothing, and either it is forged or a clock was wrong"
        )
    if each.trial and (failed := each.trial.verdict.failed):
        if word := failed.accepted:
            yield (
                f"a backup of {each.database} could not be restored on {failed.at:%Y-%m-%d}, which "
                f"{word.by} accepted on {word.at:%Y-%m-%d}: {word.reason}"
            )
            return
        yield (
            f"the backup of {each.database} at {write_time(each.trial.begun_at)} could not be "
            f"restored on {failed.at:%Y-%m-%d}: {failed.reason}"
        )
        yield (
            f"-> {PROGRAM} verify {each.database} --restore proves a later backup, "
            "--accept REASON says why that is no reason to worry"
        )


def _row(each: Standing, now: datetime) -> tuple[str, ...]:
    newest, bad = each.health.newest, len(each.damaged)
    told = each.trial.verdict.failed if each.trial else None
    damaged = f", {bad} damaged" if bad else ""
    ahead = f", {len(each.ahead)} {AHEAD}" if each.ahead else ""
    return (
        each.database,
        _state(each),
        f"{render.age(now - newest.taken_at)} ago" if newest else "none",
        f"{len(each.good)} of {each.retention}{damaged}{ahead}",
        render.size(newest.backup_bytes) if newest else "",
        render.size(int(each.health.usual_bytes)) if each.health.usual_bytes else "",
        "?" if each.dead_letters is None else str(each.dead_letters),
        verdict(shown, told) if (shown := _newest(each)) else "",
    )


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


def _to_dict(each: Standing) -> dict[str, Any]:
    newest, failure = each.health.newest, each.health.failure
    return {
        "database": each.database,
        "problems": list(each.health.problems),
        "newest": backup_to_dict(shown) if (shown := _newest(each)) else None,
        "backups": len(each.backups),
        "damaged": len(each.damaged),
        "ahead": len(each.ahead),
        "retention": each.retention,
        "stored_bytes": newest.backup_bytes if newest else None,
        "usual_bytes": each.health.usual_bytes,
        "dead_letters": each.dead_letters,
        "trial": _trial_to_dict(each.trial) if each.trial else None,
        "failure": {"at": write_time(failure.at), "reason": failure.reason} if failure else None,
    }


def _trial_to_dict(trial: Trial) -> dict[str, Any]:
    return {"taken_at": write_time(trial.taken_at), "verification": trial.verdict.to_dict()}
