"""What a command says while it works: on stderr, so that stdout holds nothing but its result."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console


class Progress:
    """One line for each step; on a terminal the step at work has a spinner, its time follows."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._status = self._console.status("") if self._console.is_terminal else None
        self._step = ""
        self._since = 0.0

    def __call__(self, step: str) -> None:
        """Begin a step; the one before it has ended."""
        self._end()
        self._step, self._since = step, time.monotonic()
        if self._status:
            self._status.update(step)
            self._status.start()
        else:
            self._console.print(step, soft_wrap=True)

    def pause(self) -> None:
        """Leave the terminal to others until the next step."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._end()
        elif self._status:
            self._status.stop()

    def _end(self) -> None:
        if self._status and self._step:
            self._status.stop()
            self._console.print(f"{self._step} ({time.monotonic() - self._since:.1f} s)")
        self._step = ""
