"""A child's output whose end is believed only after exit 0 and the engine's own end marker."""

import os
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NoReturn

from snapper.engines.process import ToolProcess
from snapper.errors import DumpFailed, SnapperError
from snapper.values.redaction import Redactor

LONGEST_SILENCE = 300.0
"""Seconds without an answer after which a server is given up, though its network still stands.

Of a program that has said nothing for so long, the server is asked. More than any wait for a lock;
less than half of the time a Lambda function has, so that the reason can be logged.
"""

_LONGEST_QUESTION = 30.0
"""Seconds that the server has for its answer at least."""

_GLANCE = 200
"""Milliseconds between two looks for output while the server is asked."""

TAIL = 1024
"""Bytes at the end of a dump in which its end marker must be."""


@dataclass(frozen=True)
class DumpingTool:
    """What is known of a program that dumps.

    `ends_well` judges the last `TAIL` bytes of its output; `hints` say what to do about its own
    words, of which `told` gives what holds no value of a row; `silence_hint` what it means when
    nothing comes from it, and its server says nothing.
    """

    ends_well: Callable[[bytes], bool]
    hints: Mapping[str, str] = field(default_factory=dict)
    silence_hint: str = ""
    told: Callable[[str], str] = str


@dataclass(frozen=True)
class Silence:
    """Why nothing comes from a program, and what to do about it."""

    words: str
    hint: str


WhySilent = Callable[[float], Silence | None]
"""Asks the server of a program that has said nothing for so many seconds; None while it works."""


class CheckedDump(ToolProcess):
    """The output of a dumping command; `read` raises where a plain pipe would just end."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        redact: Redactor,
        tool: DumpingTool,
        patience: float,
        why_silent: WhySilent | None = None,
    ) -> None:
        """Start the command; raises SettingsError if it cannot run.

        `patience` is how many seconds it may let a reader wait for its next byte, or for its end;
        after that `why_silent` is asked whether its server works.
        """
        super().__init__(command, environment, redact)
        self._tool = tool
        self._patience = patience
        self._why_silent = why_silent
        self._output = select.poll()
        self._output.register(self.pipe, select.POLLIN)
        self._stopped: SnapperError | None = None
        self._committed = False
        self._turn = threading.Lock()
        self._tail = b""

    def read(self, size: int, /) -> bytes:
        """Give what has come, at most `size` bytes; b"" only when the program ended well.

        Raises DumpFailed with the program's own last words, secrets masked, or when nothing has
        come for too long, or the error that `stop` was called with.
        """
        # Only here a reader waits for the program: a slow upload is not held against it.
        while not self._output.poll(self._patience * 1000):
            self._ask_the_server()
        if block := os.read(self.pipe.fileno(), size):
            self._tail = (self._tail + block[-TAIL:])[-TAIL:]
            return block
        try:
            status = self.wait(self._patience)
        except TimeoutError:
            self._give_up()
        self.check()
        if status:
            raise self._failure(status)
        if not self._tool.ends_well(self._tail):
            raise DumpFailed(f"{self.name} ended without its end marker: the dump is incomplete")
        return b""

    def last_words(self) -> str:
        """Give what it said at its end, and no value of a row."""
        return self._tool.told(super().last_words())

    def check(self) -> None:
        """Raise the error that `stop` was called with, if it was."""
        if self._stopped is not None:
            raise self._stopped

    def look(self) -> None:
        """Raise DumpFailed if the program has failed, also while nobody reads from it."""
        if (status := self.status()) is not None and self.wait():
            raise self._failure(status)

    def commit(self) -> None:
        """Raise as `check` does, or take the last step, which nobody can stop any more."""
        with self._turn:
            self.check()
            self._committed = True

    def stop(self, reason: SnapperError) -> bool:
        """Stop the program from another thread; the reader then raises `reason`.

        Gives whether that is certain: where the last step is under way, it may still succeed.
        """
        with self._turn:
            self._stopped = self._stopped or reason
            certain = not self._committed
        self.end()
        return certain

    def _failure(self, status: int) -> DumpFailed:
        words = super().last_words()
        hint = next((hint for sign, hint in self._tool.hints.items() if sign in words), "")
        return DumpFailed(self.obituary(status), hint=hint)

    def _ask_the_server(self) -> None:
        """Come back while its server works, or when something has come; else give it up."""
        ask = self._why_silent
        if ask is None:
            self._give_up()
        answer: Future[Silence | None] = Future()

        def keep() -> None:
            try:
                answer.set_result(ask(self._patience))
            except SnapperError as error:
                answer.set_result(Silence(f"its server does not answer: {error}", error.hint))
            except BaseException as error:
                answer.set_exception(error)

        # A daemon: whoever stops the program must not wait for a server that does not answer.
        threading.Thread(target=keep, name="why silent", daemon=True).start()
        end = time.monotonic() + max(self._patience, _LONGEST_QUESTION)
        while not answer.done():
            if self._output.poll(_GLANCE):
                return
            if time.monotonic() > end:
                self._give_up(Silence("its server does not answer", self._tool.silence_hint))
        if silence := answer.result():
            self._give_up(silence)

    def _give_up(self, silence: Silence | None = None) -> NoReturn:
        told = silence or Silence("", self._tool.silence_hint)
        fact = f"{self.name} was stopped after {self._patience:.0f} s without output"
        reason = DumpFailed(f"{fact}: {told.words}" if told.words else fact, hint=told.hint)
        self.stop(reason)
        raise self._stopped or reason
