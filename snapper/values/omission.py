"""What a backup does not hold, though its database does."""

from dataclasses import dataclass

SHOWN = 5
"""Names in a sentence; the manifest has more."""


@dataclass(frozen=True)
class Omission:
    """One kind of thing that is left out: which of it, why, and the way out.

    `kind` is for programs, `subject` is two words about it, `what` it is in a sentence. `objects`
    are the first of `count` names; without any it is not known whether there is such a thing.
    """

    kind: str
    subject: str
    what: str
    objects: tuple[str, ...]
    count: int
    reason: str
    fix: str

    @property
    def fact(self) -> str:
        """Say what is left out, and why."""
        if not self.count:
            return f"whether the backup lacks {self.what} is not known: the server did not say"
        return f"not in the backup: {self.what}: {some(self.objects, self.count)}: {self.reason}"


def some(names: tuple[str, ...], count: int = 0) -> str:
    """Write the first of the names, and how many more there are.

    >>> some(("a", "b", "c", "d", "e", "f"))
    'a, b, c, d, e and 1 more'
    """
    shown = names[:SHOWN]
    more = max(count, len(names)) - len(shown)
    listed = ", ".join(shown)
    return f"{listed} and {more} more" if more else listed
