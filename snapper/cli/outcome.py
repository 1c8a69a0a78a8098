"""How a command ends: an exit code, and for errors a fact and a hint on stderr."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from typer.exceptions import TyperException

from snapper.errors import SnapperError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked us to end; not an Exception, so that nobody's `except` takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.exit_code = 128 + number


@dataclass
class Outcome:
    """The exit code of the command, known when it ended, and whether it printed its document."""

    code: int = 0
    answered: bool = False


@contextmanager
def told(*, as_json: bool) -> Iterator[Outcome]:
    """Turn whatever ends the command into its exit code and words.

    Errors go to stderr as `error: fact`, `now: …` for each note that the error was given, and
    `hint: …`; `as_json` puts one document on stdout too.
    """
    result = Outcome()

    def tell(error: BaseException, fact: str, hint: str = "") -> None:
        notes = getattr(error, "__notes__", [])
        print(f"error: {fact}", file=sys.stderr)
        for note in notes:
            print(f"now: {note}", file=sys.stderr)
        if hint:
            print(f"hint: {hint}", file=sys.stderr)
        if as_json and not result.answered:
            words = {"fact": fact, "hint": hint, **({"now": notes} if notes else {})}
            print(json.dumps({"error": words}, ensure_ascii=False))

    try:
        yield result
        sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_is_gone():
            raise
        result.code = 128 + signal.SIGPIPE
    except SnapperError as error:
        result.code = error.exit_code
        tell(error, str(error), error.hint)
    except TyperException as error:
        result.code = error.exit_code
        tell(error, error.format_message(), "--help shows what there is")
    except Interrupted as interrupted:
        result.code = interrupted.exit_code
        tell(interrupted, str(interrupted))


def _reader_is_gone() -> bool:
    """Tell whether nobody reads stdout any more, as after `| head`; then nothing more is said."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end, and must not fail at that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


@contextmanager
def signals_raise() -> Iterator[None]:
    """Let the first signal to end raise Interrupted, so that everything open is closed in order.

    Later ones are ignored: they would only interrupt the clearing up.
    """

    def interrupt(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    # Under nohup a hang-up is none of our business.
    heeded = [
        each
        for each in _SIGNALS
        if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN
    ]
    former = {each: signal.signal(each, interrupt) for each in heeded}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
