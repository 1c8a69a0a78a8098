"""`snapper status`: how every database stands; fit for a health check."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime

import typer

from snapper.cli import render
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.recipients import Recipients
from snapper.cli.stage import Stage
from snapper.cli.standing import HEADERS, SPARE, explained, row, to_dict
from snapper.values.finding import Finding, Level
from snapper.values.job import write_time
from snapper.values.program import PROGRAM
from snapper.values.schedule import Schedule
from snapper.values.timetable import schedule_of
from snapper.verbs.alarms import examine_alarms
from snapper.verbs.copies import due_of, examine_copies
from snapper.verbs.examine_key import examine_key
from snapper.verbs.letters import Letters, look
from snapper.verbs.orphans import Orphan, orphans
from snapper.verbs.run import chosen
from snapper.verbs.status import (
    Standing,
    Surroundings,
    drills_handed_over,
    handed_over,
    newest_failures,
    standings,
)


def status(
    context: typer.Context,
    keys: KeysArgument = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show the state of every database, one line each. Exits 1 if something is wrong.

    A database is LATE when its newest good backup is older than its option maxAgeHours, else than
    the stage's lateAfterHours, or without both than 1.5 times its schedule's period,
    SHRUNK when that is less than half the median of the five before (the usual size), FAILING when
    a later attempt failed, FAILED when a job was given up and is a dead letter, DAMAGED
    when a backup does not match its manifest, UNRESTORABLE when the newest backup that was restored
    for the proof could not be, until a later one is or you accept that (see verify and drill),
    UNPROVEN when none was restored for longer than provenWithinDays (see drill),
    STAMPED LATER THAN NOW when a backup bears a time that is still to come; that one never counts.

    Any other dead letter counts as wrong too, such as a scheduled event that never became jobs.
    Whoever may not read them sees how many there are, not whose.
    So does a newest backup that was not copied into the second bucket within two hours.
    What the newest backup lacks of its database is shown, that nobody is notified of failures or
    has proven a recipient of sealed backups (see key), and that there are backups of databases
    which the stage no longer has; none of these changes the exit code. A key of your own that
    cannot be used does. `failed` counts the dead letters of a database; with --json all times are
    exact.
    """
    outcome: Outcome = context.obj
    opened = Stage.open(stage, profile, region)
    now = datetime.now(UTC)
    parameters = opened.parameters
    named = chosen(keys or (), parameters)
    options = parameters.options()
    schedules = [schedule_of(options[key], opened.schedule) for key in named]
    with ThreadPoolExecutor(1) as beside:
        # An empty queue takes a second to say so: all else is asked for meanwhile.
        asked = beside.submit(look, opened.letters)
        failures = newest_failures(opened.logs, schedules, now)
        working = handed_over(opened.logs, now) if opened.service.container_log_group else {}
        provers = opened.prover_logs if opened.service.drill_container_log_group else None
        proving = drills_handed_over(provers, now) if provers else {}
        waiting, alarms = opened.queue.waiting(), examine_alarms(opened.topic)
        left_over = [] if keys else orphans(opened.vault, named)
        vault, letters = opened.vault, asked.result()
    encrypted = examine_key(opened.service.kms_key_arn)
    if keys:
        letters = letters.of(named)
    around = Surroundings(
        opened.punctuality, failures, letters, options, opened.proving, working, proving
    )
    retentions = {key: parameters.retention(key) for key in named}
    judged = standings(vault, retentions, around, now)
    copies = _copies(opened, judged, now)
    undispatched = sum(1 for letter in letters.read if letter.undispatched)
    coming = opened.schedule.next_after(now)
    recipients = Recipients.of(opened, {key: options[key] for key in named})
    healthy = not letters.total and all(not each.health.problems for each in judged)
    healthy = healthy and not any(each.level is Level.FAILURE for each in (*copies, *encrypted))
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
                "replica": [each.to_dict() for each in copies],
                "key": next((each.to_dict() for each in encrypted), None),
                "recipients": recipients.to_dicts(now),
                "orphans": [asdict(each) for each in left_over],
                "databases": [
                    {**to_dict(each), "options": options[each.database].to_dict()}
                    for each in judged
                ],
            }
        )
        outcome.answered = True
        return
    render.table(HEADERS, [row(each, now) for each in judged], SPARE)
    render.say("")
    for each in judged:
        for line in explained(each):
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
    for line in (
        *_explained_letters(letters),
        *map(_explained_orphan, left_over),
        *recipients.told(now),
        *_unwell(alarms, *copies, *encrypted),
    ):
        render.say(line)


def _copies(opened: Stage, judged: Sequence[Standing], now: datetime) -> Sequence[Finding]:
    due = (due_of(each.database, each.good, now) for each in judged)
    return examine_copies(opened.replica, list(filter(None, due)))


def _unwell(*findings: Finding) -> Iterator[str]:
    for each in findings:
        if each.level is not Level.OK:
            yield render.with_fixes(each.fact, each.fix)


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
