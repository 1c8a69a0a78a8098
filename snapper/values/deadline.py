"""How much time is left: asked by those who must stop early, given by whoever runs them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

RESERVE = 30.0
"""Seconds kept for stopping the dump, aborting the upload and logging the reason."""


@dataclass(frozen=True)
class Deadline:
    """`remaining` gives the seconds until the process is ended from outside; None: never.

    `hint` says what can be done about one that is too short.
    """

    remaining: Callable[[], float] | None = None
    hint: str = (
        "what takes longer than 15 minutes cannot be dumped by a Lambda function: with the setting"
        " largeDatabases AWS Batch dumps it"
    )

    @property
    def seconds_left(self) -> float | None:
        """The seconds until the work must stop by itself, or None if it may take for ever."""
        return None if self.remaining is None else self.remaining() - RESERVE

    def within(self, seconds: float, hint: str) -> "Deadline":
        """End `seconds` from now, if that is earlier, and then with this hint."""
        left = None if self.remaining is None else self.remaining()
        if left is not None and left <= seconds:
            return self
        return replace(Deadline.after(seconds), hint=hint)

    @classmethod
    def after(cls, seconds: float) -> Self:
        """End `seconds` from now."""
        end = time.monotonic() + seconds
        return cls(lambda: end - time.monotonic())


NO_DEADLINE = Deadline()
