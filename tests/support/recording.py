"""Doubles that record: events instead of logs, a vault that fails at a chosen call."""


class RecordedEvents:
    """Keeps every event with its fields."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str | float]]] = []

    def emit(self, event: str, /, **fields: str | float) -> None:
        self.told.append((event, fields))

    def names(self) -> list[str]:
        return [name for name, _ in self.told]

    def fields(self, event: str) -> dict[str, str | float]:
        return next(fields for name, fields in self.told if name == event)
