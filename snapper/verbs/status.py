"""How every database of a stage stands: what is there, what is due, what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from snapper.aws.logs import LogEvent, Logs
from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged
from snapper.values.container import LONGEST
from snapper.values.health import Failure, Health, Made, judge
from snapper.values.job import read_time
from snapper.values.options import UNSET, Options
from snapper.values.proving import Proving
from snapper.values.rules import Retention
from snapper.values.schedule import Schedule
from snapper.values.timetable import Punctuality
from snapper.values.trial import Trial
from snapper.values.verification import FailedTrial, Verification
from snapper.verbs.catalog import Listed
from snapper.verbs.failures import failed_dumps
from snapper.verbs.letters import Letters
from snapper.verbs.listings import Seen, look, read
from snapper.verbs.proven import NEVER_PROVEN, Proven, last_proof
from snapper.verbs.trial import read_trial

# Failures older than this are history; a log is read no further back.
_LONGEST_LOOK = timedelta(days=14)
_SHORTEST_LOOK = timedelta(days=1)

_READERS = 8

_ENDS_OF_DRILLS = ("drill.ended", "drill.failed", "drill.skipped", "drill.unopened")
_NAMES_OF_A_DRILL = ("database", "scheduled_at", "ordered_at")


@dataclass(frozen=True)
class Standing:
    """One database: its backups, its health, and its dead letters, if we may read such."""

    database: str
    retention: Retention
    backups: Sequence[Listed]
    health: Health
    dead_letters: int | None
    trial: Trial | None = None
    proven: Proven = NEVER_PROVEN
    in_container: datetime | None = None
    """When the backup was due that a container is at work on, as far as is known."""
    proving_in_container: datetime | None = None
    """When the backup was due that a container restores for the proof, as far as is known."""

    @property
    def good(self) -> Sequence[Listed]:
        """Those of which no damage is known, and none that is stamped later than now."""
        return [each for each in self.backups if not each.flaw]

    @property
    def counted(self) -> Sequence[Listed]:
        """The good ones that retention counts: those that are not pinned."""
        return [each for each in self.good if not each.pins]

    @property
    def pinned(self) -> Sequence[Listed]:
        """Those that stay whatever retention decides."""
        return [each for each in self.backups if each.pins]

    @property
    def damaged(self) -> Sequence[Listed]:
        """Those that are known to be damaged, and made by now."""
        return [each for each in self.backups if each.damage and not each.ahead]

    @property
    def ahead(self) -> Sequence[Listed]:
        """Those that are stamped later than now."""
        return [each for each in self.backups if each.ahead]


@dataclass(frozen=True)
class Surroundings:
    """What is read once for all databases of a stage."""

    punctuality: Punctuality
    failures: dict[str, Failure]
    letters: Letters
    options: Mapping[str, Options] = field(default_factory=dict)
    proving: Proving | None = None  # of the stage, if it has a prover
    handed_over: Mapping[str, datetime] = field(default_factory=dict)
    drills_handed_over: Mapping[str, datetime] = field(default_factory=dict)


def standing(
    vault: Vault, database: str, retention: Retention, around: Surroundings, now: datetime
) -> Standing:
    """Judge one database by what lies in the vault and what its functions logged."""
    (found,) = standings(vault, {database: retention}, around, now)
    return found


def standings(
    vault: Vault, retentions: Mapping[str, Retention], around: Surroundings, now: datetime
) -> list[Standing]:
    """Judge all of these databases, each with how many backups are kept of it."""
    seen = look(vault, retentions, now)
    found = read(vault, seen)
    with ThreadPoolExecutor(_READERS) as readers:
        trials = readers.map(lambda database: _last_trial(vault, seen, database, now), retentions)
        return [
            _standing(database, retentions[database], found[database], trial, around, now)
            for database, trial in zip(retentions, trials, strict=True)
        ]


def _standing(
    database: str,
    retention: Retention,
    listed: Sequence[Listed],
    trial: Trial | None,
    around: Surroundings,
    now: datetime,
) -> Standing:
    made = [
        Made(each.begun_at, each.manifest.backup_bytes)
        for each in listed
        if each.manifest is not None and not each.flaw
    ]
    letters = around.letters.count(database)
    own = around.options.get(database, UNSET)
    proven = last_proof(listed, trial, around.proving and around.proving.of(own))
    health = judge(
        made,
        damaged=sum(1 for each in listed if each.damage and not each.ahead),
        failure=around.failures.get(database),
        late_after=around.punctuality.late_after(own),
        now=now,
        dead_letters=letters or 0,
        unrestorable=bool(trial and trial.verdict.unrestorable),
        unproven=proven.is_unproven(now),
        ahead=sum(1 for each in listed if each.ahead),
    )
    due = around.handed_over.get(database)
    failed = around.failures.get(database)
    ended = (failed and failed.scheduled_at == due) or any(each.taken_at == due for each in listed)
    working = None if ended else due
    proving = around.drills_handed_over.get(database)
    return Standing(database, retention, listed, health, letters, trial, proven, working, proving)


def _last_trial(vault: Vault, seen: Seen, database: str, now: datetime) -> Trial | None:
    try:
        return read_trial(vault, seen.folders[database].trial, now, seen.known)
    except BackupDamaged as damage:
        # Nobody knows then whether it failed, so it is no good news.
        failed = FailedTrial(now, str(damage))
        return Trial(now, now, Verification(now, "", sound=True, failed=failed))


def handed_over(logs: Logs, now: datetime) -> dict[str, datetime]:
    """Give by database when the backup was due whose job was last handed over to a container.

    None of longer ago than a container may work.
    """
    newest: dict[str, datetime] = {}
    for event in logs.events(now - LONGEST, '"dump.handed_over"'):
        if event.name == "dump.handed_over":
            with suppress(ValueError):
                due = read_time(str(event.fields.get("scheduled_at")))
                newest[str(event.fields.get("database"))] = due
    return newest


def drills_handed_over(logs: Logs, now: datetime) -> dict[str, datetime]:
    """Give by database the backup of the drill that was last handed over and has not ended.

    None of longer ago than a container may work; `logs` are those of all who do drills.
    """
    begun: dict[str, LogEvent] = {}
    for event in logs.events(now - LONGEST, '"drill.handed_over"'):
        if event.name == "drill.handed_over":
            begun[str(event.fields.get("database"))] = event
    for name in _ENDS_OF_DRILLS if begun else ():
        for event in logs.events(min(each.at for each in begun.values()), f'"{name}"'):
            key = str(event.fields.get("database"))
            if event.name == name and key in begun and _is_of(begun[key], event):
                del begun[key]
        if not begun:
            break
    found = dict[str, datetime]()
    for key, event in begun.items():
        with suppress(ValueError):
            found[key] = read_time(str(event.fields.get("scheduled_at")))
    return found


def _is_of(begun: LogEvent, end: LogEvent) -> bool:
    """Tell whether both events are of the same drill."""
    return all(begun.fields.get(name) == end.fields.get(name) for name in _NAMES_OF_A_DRILL)


def newest_failures(logs: Logs, schedules: Iterable[Schedule], now: datetime) -> dict[str, Failure]:
    """Give each database's failure that was for its newest backup, as far back as matters.

    One of a far time hides none that came later; see `Failure.due`.
    """
    pause = max((each.longest_pause() for each in schedules), default=_SHORTEST_LOOK)
    look = min(max(2 * pause, _SHORTEST_LOOK), _LONGEST_LOOK)
    newest: dict[str, Failure] = {}
    for database, failure in failed_dumps(logs, now - look):
        known = newest.get(database)
        if known is None or known.due <= failure.due:
            newest[database] = failure
    return newest
