"""What the verbs tell while they work: named events with fields, never with a secret."""

from typing import Protocol


class Events(Protocol):
    """Takes `dump.began`, `dump.ended`, `dump.failed`, `backup.pruned` and so on."""

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Tell one event with its fields."""
        ...


class Silence:
    """Events for those who do not listen."""

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Tell nobody."""
