"""What is recorded of a recipient that somebody has proven: by whom, and when."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from snapper.values.clock import is_ahead
from snapper.values.job import read_time, write_time

WITHIN_DAYS = 90
"""Days after which a proof of a recipient is old, where the stage says nothing else."""


def proven_recipients_path(root: str) -> str:
    """Name the path of Parameter Store below which the records lie, each by its digest."""
    return f"{root}/PROVEN_RECIPIENTS"


@dataclass(frozen=True)
class ProvenRecipient:
    """One proof: the recipient's whole text, when a canary was opened by its key, and by whom."""

    recipient: str
    proven_at: datetime
    by: str

    def to_json(self) -> str:
        """Write the record."""
        return json.dumps(
            {"recipient": self.recipient, "proven_at": write_time(self.proven_at), "by": self.by}
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a record; raise ValueError for whatever is none."""
        try:
            found = json.loads(text)
            recipient, at, by = (found[name] for name in ("recipient", "proven_at", "by"))
            if not (isinstance(recipient, str) and isinstance(by, str)):
                raise TypeError
            return cls(recipient, read_time(at), by)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("no record of a proven recipient") from error

    def is_old(self, within: timedelta | None, now: datetime) -> bool:
        """Tell whether it was too long ago; none is where `within` is None.

        What is dated later than now counts for nothing, as with backups.
        """
        old = within is not None and now - self.proven_at > within
        return old or is_ahead(self.proven_at, now)
