"""A database whose newest backup was not copied into the second bucket, and how people are told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from snapper.values.job import write_time
from snapper.values.late import AT_ONCE, Message
from snapper.values.program import PROGRAM


@dataclass(frozen=True)
class Behind:
    """A database, when the backup was begun that should be there, and what is not as it should."""

    database: str
    at: datetime
    reason: str

    @property
    def words(self) -> str:
        """Say it of the backup."""
        return f"the backup of {write_time(self.at)} is not copied: {self.reason}"


def messages(stage: str, behind: Sequence[Behind], doubt: str = "") -> Iterator[Message]:
    """Say of which databases the copies have come to lag, and where to look.

    `doubt` is why it is not known which of them were told already.
    """
    ordered = sorted(behind, key=lambda each: each.database)
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        what = f"{some[0].database} lags" if len(some) == 1 else f"{len(some)} databases lag"
        lines = [f"Not copied into the second bucket, in stage {stage}:", ""]
        for each in some:
            lines += [
                f"{each.database}: {each.words}",
                f"    {PROGRAM} status {each.database} --stage {stage}",
            ]
        lines += ["", "docs/kept.md says what to look at, and how to have it copied later."]
        if doubt:
            lines += ["", f"Some may have been told before: {doubt}"]
        keys = tuple(each.database for each in some)
        # SNS takes less than 100 characters, and these are 99 with the longest names.
        yield Message(f"Snapper {stage}: {what}", "\n".join([*lines, ""]), keys)
