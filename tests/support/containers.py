"""Containers that nobody runs, and a deadline that comes when a dump is under way."""

import itertools

from snapper.errors import AwsFailed
from snapper.values.container import Size
from snapper.values.deadline import RESERVE, Deadline


class Containers:
    """Keeps what was submitted; a container is under way until a test ends it."""

    def __init__(self) -> None:
        self.submitted: list[tuple[str, str, Size]] = []
        self.refuses = False
        self.loses_answers = False
        self._under_way: dict[str, str] = {}

    def submit(self, payload: str, name: str, size: Size) -> str:
        if self.refuses:
            raise AwsFailed("batch:SubmitJob failed: AccessDeniedException")
        if name not in self._under_way:
            self.submitted.append((payload, name, size))
            self._under_way[name] = f"container-{len(self.submitted)}"
        if self.loses_answers:
            raise AwsFailed("batch:SubmitJob failed: connection was closed")
        return self._under_way[name]

    def under_way(self, name: str) -> str | None:
        return self._under_way.get(name)

    def end(self, name: str) -> None:
        del self._under_way[name]


def over_soon(asked_before: int = 2) -> Deadline:
    """Give one that is over when the dump itself asks, which is after others have asked so often.

    Those are who asks the server, and who estimates.
    """
    left = itertools.chain([RESERVE + 600] * asked_before, itertools.repeat(RESERVE))
    return Deadline(lambda: next(left))
