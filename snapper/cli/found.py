"""What verify found out about one database's backup, as a row of its table and as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snapper.cli import render
from snapper.errors import (
    AwsFailed,
    BackupDamaged,
    BackupNotFound,
    DatabaseUnreachable,
    DatabaseUnsupported,
    NoKey,
    RestoreFailed,
    SettingsError,
    SnapperError,
    WrongKey,
)
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import to_public
from snapper.verbs.history import NOTHING_KNOWN, History

_UNTIL = "until verify --restore proves it or a later one, or --accept REASON accepts it"

_WORST_FIRST = tuple(
    kind.exit_code
    for kind in (
        BackupDamaged,
        RestoreFailed,
        DatabaseUnreachable,
        DatabaseUnsupported,
        AwsFailed,
        WrongKey,
        NoKey,
        SettingsError,
        BackupNotFound,
        SnapperError,
    )
)


@dataclass(frozen=True)
class Found:
    """What came of one database: a backup, a verdict on it, what kept us from one or from more."""

    database: str
    manifest: Manifest | None = None
    verdict: Verification | None = None
    error: SnapperError | None = None
    undone: str = "NOT RESTORED"
    at: datetime | None = None  # of a backup whose manifest is not at hand
    history: History = NOTHING_KNOWN

    @property
    def code(self) -> int:
        """Give the exit code that this one would end with."""
        if self.history.fault or (self.verdict and not self.verdict.sound):
            return BackupDamaged.exit_code
        return self.error.exit_code if self.error else 0

    def row(self) -> tuple[str, ...]:
        """Give the cells of the table's row."""
        restored = self.verdict.restored if self.verdict else None
        return (
            self._name(),
            render.size(self.manifest.backup_bytes) if self.manifest else "",
            _tables(restored) if restored else "",
            f"{restored.rows:,}" if restored else "",
            f"{restored.seconds:.1f} s" if restored else "",
            self._words(),
        )

    def _name(self) -> str:
        if self.manifest:
            return self.manifest.dump_key
        return object_key(self.database, self.at, Kind.DUMP) if self.at else self.database

    def _words(self) -> str:
        """Give the verdict; what helps is below it for people, in one line for programs."""
        judged = ""
        if self.verdict:
            judged = "sound" if self.verdict.sound else f"DAMAGED: {self.verdict.reason}"
            if self.verdict.unopened:
                before = self.verdict.opened_at
                judged = self.verdict.reason + (f", opened on {before:%Y-%m-%d}" if before else "")
            if (proven := self.verdict.proven_at) and proven < self.verdict.verified_at:
                judged += f", restored on {proven:%Y-%m-%d}"
            if (failed := self.verdict.failed) and self.error is None:
                state = "accepted" if failed.accepted else _UNTIL
                judged += f", but NOT RESTORED on {failed.at:%Y-%m-%d}: {failed.reason} ({state})"
        if self.history.fault:
            judged += f", but NOT AS IT WAS MADE: {self.history.fault}"
        elif self.history.remark:
            judged += f" ({self.history.remark})"
        if self.error is None:
            remarks = (
                self.verdict.restored.remarks if self.verdict and self.verdict.restored else ()
            )
            return render.with_fixes(judged, *remarks)
        now = " this time" if self.verdict and self.verdict.proven_at else ""
        fact = f"{judged}, but {self.undone}{now}: {self.error}" if judged else str(self.error)
        return render.with_fixes(fact, *_notes(self.error), self.error.hint)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values; what is not there is null."""
        return {
            "database": self.database,
            "manifest": to_public(self.manifest) if self.manifest else None,
            "verification": self.verdict.to_dict() if self.verdict else None,
            "history": {
                "fault": self.history.fault or None,
                "remark": self.history.remark or None,
            },
            "error": _told(self.error) if self.error else None,
        }


def _tables(restored: Restored) -> str:
    closed = f" ({restored.uncounted} not counted)" if restored.uncounted else ""
    return f"{restored.tables}{closed}"


def _told(error: SnapperError) -> dict[str, Any]:
    now = {"now": notes} if (notes := _notes(error)) else {}
    return {"fact": str(error), "hint": error.hint, **now}


def _notes(error: SnapperError) -> list[str]:
    return getattr(error, "__notes__", [])


def worst_of(found: Iterable[Found]) -> int:
    """Give the exit code of the one that is worst off; 0 if all are well."""
    codes = {each.code for each in found}
    return next((code for code in _WORST_FIRST if code in codes), 0)
