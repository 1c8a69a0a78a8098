"""The evidence that backups are made and can be restored: backups, proofs, failures of a time."""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from snapper.aws.logs import LogEvent, Logs
from snapper.aws.vault import Vault
from snapper.errors import AwsDenied
from snapper.values import document
from snapper.values.container import LONGEST
from snapper.values.health import Failure
from snapper.values.incident import Incident, Mend, incidents
from snapper.values.job import read_time
from snapper.values.keys import DUMPS, object_key
from snapper.values.rules import Retention
from snapper.values.verification import Verification
from snapper.verbs.catalog import Listed, listing
from snapper.verbs.failures import read_failure
from snapper.verbs.trial import known_trial

_CLOCKS_DIFFER = timedelta(minutes=20)


@dataclass(frozen=True)
class Recovery:
    """One restore for the proof that went well: of which backup, when, and how long it took."""

    taken_at: datetime
    at: datetime
    tables: int
    rows: int
    seconds: float


@dataclass(frozen=True)
class Evidence:
    """One database: its backups that are there, newest first, what was proven, what went wrong.

    `failures` are of dumps, `failed_drills` of restores for the proof.
    """

    database: str
    retention: Retention | None
    backups: Sequence[Listed]
    recoveries: Sequence[Recovery]
    failures: Sequence[Incident]
    failed_drills: Sequence[Incident]

    @property
    def good(self) -> Sequence[Listed]:
        """Those of which no damage is known."""
        return [each for each in self.backups if not each.flaw]

    @property
    def proven(self) -> int:
        """How many of the backups that are there were restored."""
        return sum(1 for each in self.good if each.verification and each.verification.restored)

    @property
    def longest_pause(self) -> timedelta | None:
        """The longest time between two good backups that are there."""
        times = sorted(each.begun_at for each in self.good)
        return max((later - earlier for earlier, later in pairwise(times)), default=None)

    @property
    def damaged(self) -> int:
        """How many of the backups that are there are known to be damaged, or forged."""
        return len(self.backups) - len(self.good)

    @property
    def open(self) -> int:
        """How many failures nothing has mended, as far as is known."""
        return sum(1 for each in (*self.failures, *self.failed_drills) if each.mended_at is None)


@dataclass(frozen=True)
class Logged:
    """What the functions have logged; `unread` says what could not be read, and why."""

    events: Sequence[LogEvent] = ()
    unread: tuple[str, ...] = ()

    def of(self, name: str, database: str) -> Iterator[LogEvent]:
        """Give the events of this name about a database."""
        for each in self.events:
            if each.name == name and each.fields.get("database") == database:
                yield each


def read_logs(dumper: Logs, prover: Logs | None, since: datetime) -> Logged:
    """Read failed dumps, what mended them, and all drills.

    That a log may not be read is no reason to raise. Raises AwsFailed.
    """
    events, unread = list[LogEvent](), list[str]()
    wanted = {"dumper": _dumps(dumper, since)}
    if prover:
        wanted["prover"] = _drills(prover, since)
    for function, found in wanted.items():
        try:
            events += found
        except AwsDenied as denied:
            unread.append(f"the log of the {function} could not be read: {denied}")
    return Logged(events, tuple(unread))


def _dumps(logs: Logs, since: datetime) -> Iterator[LogEvent]:
    failed = list(_named("dump.failed", logs, since))
    yield from failed
    if failed:
        # Retention may have deleted the backup that mended it.
        yield from _named("dump.ended", logs, failed[0].at)


def _drills(logs: Logs, since: datetime) -> Iterator[LogEvent]:
    for name in ("drill.failed", "drill.ended"):
        yield from _named(name, logs, since)


def _named(name: str, logs: Logs, since: datetime) -> Iterator[LogEvent]:
    return (each for each in logs.events(since, f'"{name}"') if each.name == name)


def gather(
    vault: Vault,
    database: str,
    retention: Retention | None,
    logged: Logged,
    since: datetime,
    now: datetime,
) -> Evidence:
    """Collect what is known of one database since a time; raises AwsFailed."""
    there = listing(vault, database, now)
    good = [each for each in there if each.manifest and not each.flaw]
    made = [Mend(each.begun_at, each.manifest.finished_at) for each in good if each.manifest]
    bad = [each.taken_at for each in there if each.flaw]
    flawed = {object_key(database, at, kind) for at in bad for kind in DUMPS}
    made += _mends(logged.of("dump.ended", database), flawed)
    verdicts = [(each.taken_at, each.verification) for each in there if each.verification]
    # It outlives its backup, and the log.
    if trial := known_trial(vault, database, now):
        verdicts.append((trial.taken_at, trial.verdict))
    recoveries = _recoveries(verdicts, logged.of("drill.ended", database), since)
    proofs = [Mend(each.taken_at, each.at) for each in recoveries]
    drills = [*_failures(logged.of("drill.failed", database)), *_failed_trials(verdicts, since)]
    return Evidence(
        database,
        retention,
        [each for each in there if each.begun_at >= since],
        recoveries,
        incidents(_failures(logged.of("dump.failed", database)), made),
        incidents(_once(drills), proofs),
    )


_Verdicts = Sequence[tuple[datetime, Verification]]
"""Each with the time that names its backup."""


def _recoveries(verdicts: _Verdicts, ended: Iterable[LogEvent], since: datetime) -> list[Recovery]:
    """Give the proofs that were logged, and those that are recorded, each once."""
    found = [proof for each in ended if (proof := _recovery(each))]
    # The verdict has the time at which the drill began, the log that at which it ended.
    known = {(each.taken_at, each.seconds, each.rows) for each in found}
    for taken_at, verdict in verdicts:
        there, at = verdict.restored, verdict.proven_at
        if not (there and at and at >= since) or (taken_at, there.seconds, there.rows) in known:
            continue
        known.add((taken_at, there.seconds, there.rows))
        found.append(Recovery(taken_at, at, there.tables, there.rows, there.seconds))
    return sorted(found, key=lambda each: each.at)


def _recovery(event: LogEvent) -> Recovery | None:
    """Read a proof out of the log; what is not as the prover writes it is none."""
    try:
        return Recovery(
            read_time(str(event.fields["scheduled_at"])),
            event.at,
            document.size(event.fields["tables"]),
            document.size(event.fields["rows"]),
            document.seconds(event.fields["seconds"]),
        )
    except (KeyError, ValueError):
        return None


def _mends(ended: Iterable[LogEvent], flawed: Container[str]) -> Iterator[Mend]:
    """Give the backups that were made, also those that are there no more; none that is damaged."""
    for each in ended:
        if str(each.fields.get("object")) not in flawed:
            with suppress(ValueError):
                yield Mend(read_time(str(each.fields.get("scheduled_at"))), each.at)


def _failures(events: Iterable[LogEvent]) -> list[Failure]:
    return [failure for each in events if (failure := read_failure(each))]


def _failed_trials(verdicts: _Verdicts, since: datetime) -> Iterator[Failure]:
    """Give the failed restores that are recorded: an operator's are in no log."""
    for taken_at, verdict in verdicts:
        failed = verdict.failed
        if failed and failed.at >= since:
            accepted = failed.accepted
            word = f" (accepted by {accepted.by}: {accepted.reason})" if accepted else ""
            yield Failure(taken_at, failed.at, f"{failed.reason}{word}")


def _once(failures: Iterable[Failure]) -> list[Failure]:
    """Give each failure once: one that was logged is recorded too, with its reason.

    What is recorded bears the time at which the drill began, and may say who has accepted it.
    """
    kept: list[Failure] = []
    for each in failures:
        logged = [one for one in kept if _is_same(one, each)]
        if logged:
            kept[kept.index(logged[-1])] = replace(logged[-1], reason=each.reason)
        else:
            kept.append(each)
    return kept


def _is_same(logged: Failure, recorded: Failure) -> bool:
    near = -_CLOCKS_DIFFER < logged.at - recorded.at < LONGEST
    return (
        near
        and logged.scheduled_at == recorded.scheduled_at
        and recorded.reason.startswith(logged.reason)
    )
