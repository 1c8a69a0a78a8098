"""What a command says while it works: on stderr, so that stdout holds nothing but its result."""

import time
from typing import Self

from rich.text import Text

from snapper.cli.render import Screen
from snapper.cli.streams import shield
from snapper.values.visible import one_line


class Progress:
    """Steps and their results; on a terminal the step at work has a spinner, its time follows."""

    def __init__(self) -> None:
        self._console = Screen()
        self._status = self._console.status("") if self._console.is_terminal else None
        self._step = ""
        self._since = 0.0

    def __call__(self, step: str) -> None:
        """Begin a step; the one before it has ended."""
        self.end()
        self._step, self._since = step, time.monotonic()
        if self._status:
            self._status.update(Text(one_line(step)))  # in a bare string it would look for markup
            self._status.start()
            shield()  # meanwhile both streams are others, which would take escapes for colours
        else:
            self._print(step)

    def result(self, words: str) -> None:
        """End the step with what came of it."""
        if self._status:
            self._step = f"{self._step}: {words}"
            self.end()
        else:
            self._print(f"  {words}")

    def end(self) -> None:
        """End the step, if there is one, and leave the terminal to others."""
        if self._status and self._step:
            self._status.stop()
            self._print(f"{self._step} ({time.monotonic() - self._since:.1f} s)")
        self._step = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.end()
        elif self._status:
            self._status.stop()

    def _print(self, words: str) -> None:
        self._console.print(one_line(words), soft_wrap=True)
