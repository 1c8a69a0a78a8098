"""A database whose newest good backup is too old, and in which words people are told of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from snapper.values.job import write_time
from snapper.values.program import PROGRAM

HOUR = timedelta(hours=1)

AT_ONCE = 100
"""Databases in one message: thousands that are late at once are not thousands of e-mails."""


@dataclass(frozen=True)
class Late:
    """A database, when its newest good backup was begun, and how old that may be."""

    database: str
    newest_at: datetime | None
    allowed: timedelta

    @property
    def newest(self) -> str:
        """The time of the newest good backup as it is written."""
        return write_time(self.newest_at) if self.newest_at else "none"

    @property
    def allowed_hours(self) -> float:
        """How many hours old that may be."""
        return self.allowed / HOUR


class Message(NamedTuple):
    """What is published to a topic; a subject is the first line of an e-mail."""

    subject: str
    text: str
    databases: tuple[str, ...]


def messages(stage: str, late: Sequence[Late], doubt: str = "") -> Iterator[Message]:
    """Say which databases have become late, and where to look.

    `doubt` is why it is not known which of them were told already.
    """
    ordered = sorted(late, key=lambda each: each.database)
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        what = some[0].database if len(some) == 1 else f"{len(some)} databases"
        lines = [f"Without a good backup that is new enough, in stage {stage}:", ""]
        for each in some:
            lines += [
                f"{each.database}: {_newest(each)}; {each.allowed_hours:g} hours are allowed",
                f"    {PROGRAM} status {each.database} --stage {stage}",
            ]
        if doubt:
            lines += ["", f"Some may have been told before: {doubt}"]
        keys = tuple(each.database for each in some)
        # SNS takes less than 100 characters, and these are 99 with the longest names.
        yield Message(f"Snapper {stage}: {what} late", "\n".join([*lines, ""]), keys)


def _newest(late: Late) -> str:
    return f"the newest was begun at {late.newest}" if late.newest_at else "there is none"
