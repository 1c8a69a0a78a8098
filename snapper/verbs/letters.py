"""How many dead letters there are, and what can be said of them by whoever asks.

Counting takes a right that harms nothing. Reading hides a letter for a while, and would let its
holder hide letters on purpose: so it is a right apart, and what is hidden is counted all the same.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from snapper.aws.dead_letters import DeadLetters, Letter
from snapper.errors import AwsDenied, AwsFailed
from snapper.values.finding import Finding, ok, warning
from snapper.values.omission import some
from snapper.values.program import PROGRAM

SUBJECT = "dead letters"


@dataclass(frozen=True)
class Letters:
    """Those that were read, and how many more there are; `readable` is whether we may read any."""

    read: Sequence[Letter]
    unread: int = 0
    readable: bool = True

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.read) + self.unread

    def of(self, databases: Collection[str]) -> "Letters":
        """Leave out the jobs of other databases; what was not read may be of any."""
        own = [each for each in self.read if not each.database or each.database in databases]
        return replace(self, read=own)

    def count(self, database: str) -> int | None:
        """Count the jobs of one database; None where that is not known."""
        if not self.readable:
            return None
        return sum(1 for each in self.read if each.database == database)


def look(letters: DeadLetters) -> Letters:
    """Count the letters, and read them as far as we may; raise AwsFailed if we may do neither."""
    try:
        counted = letters.count()
    except AwsDenied:
        # A policy that an older release printed has the right to read them, and not this one.
        return Letters(letters.read())
    try:
        read = letters.read()
    except AwsDenied:
        return Letters((), counted, readable=False)
    return Letters(read, max(counted - len(read), 0))


def examine_letters(letters: DeadLetters, databases: Collection[str]) -> Finding:
    """Give one finding about the dead letters, of these databases or of all."""
    try:
        found = look(letters)
    except AwsFailed as error:
        return warning(SUBJECT, f"it is not known whether there are any: {error}", error.hint)
    if databases:
        found = found.of(databases)
    if not found.total:
        return ok(SUBJECT, "no job has failed for good")
    named = sorted({each.database for each in found.read if each.database})
    whose = f", of {some(tuple(named))}" if named else ""
    return warning(
        SUBJECT,
        f"jobs and events that failed for good: {found.total:,}{whose}",
        f"{PROGRAM} failures shows why; retry, or failures --discard, ends the alarm",
    )
