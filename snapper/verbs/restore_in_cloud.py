"""Follow a restore that a container of AWS Batch does to its end, by what it logs.

Batch itself is asked too: a container that dies without a word has ended as well.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from snapper.aws.batch import Batch, State
from snapper.aws.logs import LogEvent, Logs
from snapper.errors import (
    AwsDenied,
    AwsFailed,
    BackupDamaged,
    BackupInProgress,
    RestoreFailed,
    SnapperError,
    exit_code_of,
)
from snapper.values.cloud_restore import (
    ENDED,
    FAILED,
    REPORTED,
    UNTOLD,
    joined,
)
from snapper.values.document import sha256
from snapper.values.job import read_time
from snapper.values.keys import database_key
from snapper.values.program import PROGRAM
from snapper.verbs.order_restore import CLOCKS_DIFFER, Ordered
from snapper.verbs.restore_report import from_dict
from snapper.verbs.restoring import Done

_POLL_SECONDS = 2.0
_ASKED_EVERY = 5
"""Of so many looks at the log, one is also at Batch."""
_LAST_WORDS = 30
"""Looks at the log of a container that has ended: its last lines come some seconds later."""
_FAILURES = 30
"""Calls to AWS that may fail one after the other, as where a laptop changes its network."""
_WAITING = 900
"""Looks at one that has no machine yet: half an hour."""
_LATE_LINES = timedelta(minutes=1)

_NOT_BEGUN = frozenset({"SUBMITTED", "PENDING", "RUNNABLE"})


@dataclass(frozen=True)
class Ended:
    """Which backup was restored, by which manifest, and what that has done."""

    database: str
    taken_at: datetime
    manifest_sha256: str
    done: Done


class Following:
    """Follows one restore; `tell` is given each of its events once, `stands` Batch's own word."""

    def __init__(
        self,
        ordered: Ordered,
        logs: Logs,
        batch: Batch,
        tell: Callable[[LogEvent], None] = lambda _: None,
        stands: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ordered, self._logs, self._batch = ordered, logs, batch
        self._tell, self._stands, self._sleep = tell, stands, sleep
        self._since = ordered.at - CLOCKS_DIFFER
        self._told: list[LogEvent] = []
        self._pieces: dict[int, str] = {}
        self._last: dict[str, Any] | None = None
        self._state: State | None = None

    def to_its_end(self) -> Ended:
        """Wait until it has ended, and give what it has done.

        Raises what kept it from that, with its own exit code, and RestoreFailed where it says
        nothing of itself. Where AwsFailed or BackupInProgress is raised, it goes on.
        """
        failures = waited = silent = 0
        for looks in count():
            try:
                if looks % _ASKED_EVERY == 0 and not self._has_ended:
                    self._look_at_batch()
                for event in self._new_events():
                    self._tell(event)
                    self._heed(event)
                if self._last and (ended := self._end(self._last)):
                    return ended
                failures = 0
            except AwsFailed as error:
                failures += 1
                if failures == _FAILURES or isinstance(error, AwsDenied):
                    raise
            waited = waited + 1 if self._waits else 0
            if waited == _WAITING:
                raise self._no_machine()
            silent = silent + 1 if self._has_ended or self._last else 0
            if silent == _LAST_WORDS:
                raise _without_a_word(self._ordered, self._state, told=bool(self._last))
            self._sleep(_POLL_SECONDS)
        raise AssertionError("what is counted has no end")

    @property
    def _has_ended(self) -> bool:
        return self._state is not None and not self._state.is_under_way

    @property
    def _waits(self) -> bool:
        return self._state is not None and self._state.status in _NOT_BEGUN

    def _look_at_batch(self) -> None:
        # Just after it was submitted, Batch may not list it yet; later it forgets it.
        for found in self._batch.found(self._ordered.name):
            if found.identifier == self._ordered.identifier:
                self._state = found.state
                self._stands(found.state.status)

    def _new_events(self) -> Iterator[LogEvent]:
        since = self._since  # AWS takes milliseconds, and may give what is older by less than one
        for event in self._logs.events(since, f'"{self._ordered.identifier}"'):
            is_own = event.fields.get("job") == self._ordered.identifier
            if is_own and event.at >= since and event not in self._told:
                self._told.append(event)
                self._since = max(self._since, event.at - _LATE_LINES)
                yield event
        self._told = [event for event in self._told if event.at >= self._since]

    def _heed(self, event: LogEvent) -> None:
        """Keep what an event says of the end, and raise it where it is no good one."""
        fields = event.fields
        if event.name == REPORTED:
            number, piece = fields.get("number"), fields.get("piece")
            if isinstance(number, int) and isinstance(piece, str):  # a log is input too
                self._pieces[number] = piece
        if event.name == FAILED:
            raise _failure(fields)
        if event.name == ENDED:
            self._last = fields

    def _end(self, fields: dict[str, Any]) -> Ended | None:
        """Give what it has done; None as long as that is not all here: lines come in any order."""
        try:
            database, taken_at = database_key(fields["database"]), read_time(fields["taken_at"])
            report = from_dict(joined(self._pieces, fields["pieces"]))
            return Ended(database, taken_at, sha256(fields["manifest_sha256"]), report)
        except (ValueError, KeyError, TypeError):
            return None

    def _no_machine(self) -> BackupInProgress:
        return BackupInProgress(
            f"{self._ordered.name} has no machine yet in AWS Batch",
            hint="others may be at work there, or its subnets have no way to the registry:"
            f" {PROGRAM} doctor looks for one",
        )


def _failure(fields: dict[str, Any]) -> SnapperError:
    """Give the error that the container ended with, as it would have ended a restore here."""
    kind = str(fields.get("kind"))
    reason = str(fields.get("reason") or f"an unexpected {kind}")
    known = BackupDamaged if kind == BackupDamaged.__name__ else SnapperError
    error = known(reason, hint=str(fields.get("hint") or ""))
    error.exit_code = exit_code_of(kind) or SnapperError.exit_code
    for note in str(fields.get("now") or "").splitlines():
        error.add_note(note)
    return error


def _without_a_word(ordered: Ordered, state: State | None, *, told: bool) -> RestoreFailed:
    if told or state is None or state.succeeded:
        return RestoreFailed(
            f"{ordered.name} has ended well, and what it says of it cannot be read",
            hint="its log may have expired, or was written by another release",
        )
    status = "" if state.exit_code is None else f", with exit status {state.exit_code}"
    error = RestoreFailed(
        f"{ordered.name} has ended without a word{status}: {state.reason or state.status}",
        hint="it may have had too little memory, or was ended from outside; the same command"
        " orders it again",
    )
    error.add_note(UNTOLD)
    return error
