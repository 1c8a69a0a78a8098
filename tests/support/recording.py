"""Doubles that record: events instead of logs, a vault that fails at a chosen call."""


class RecordedEvents:
    """Keeps every event with its fields."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, dict[str, str | float]]] = []

    def emit(self, event: str, /, **fields: str | float) -> None:
        self.reported.append((event, fields))

    def names(self) -> list[str]:
        return [name for name, _ in self.reported]

    def fields(self, event: str) -> dict[str, str | float]:
        return next(fields for name, fields in self.reported if name == event)
