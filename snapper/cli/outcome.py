"""How a command ends: an exit code, and for errors a fact and a hint on stderr."""

import json
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
    """The exit code of the command, known when it ended."""

    code: int = 0


@contextmanager
def told(*, as_json: bool) -> Iterator[Outcome]:
    """Turn whatever ends the command into its exit code and words.

    Errors go to stderr as `error: fact` and `hint: …`; `as_json` puts one document on stdout too.
    """
    result = Outcome()
    try:
        yield result
    except SnapperError as error:
        result.code = error.exit_code
        _tell(str(error), error.hint, as_json=as_json)
    except TyperException as error:
        result.code = error.exit_code
        _tell(error.format_message(), "--help shows what there is", as_json=as_json)
    except (Interrupted, KeyboardInterrupt) as interrupted:
        result.code = getattr(interrupted, "exit_code", 130)
        _tell(str(interrupted) or "interrupted", "", as_json=as_json)


def _tell(fact: str, hint: str, *, as_json: bool) -> None:
    print(f"error: {fact}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": {"fact": fact, "hint": hint}}))


@contextmanager
def signals_raise() -> Iterator[None]:
    """Let the first signal to end raise Interrupted, so that everything open is closed in order.

    Later ones are ignored: they would only interrupt the clearing up.
    """

    def interrupt(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    former = {each: signal.signal(each, interrupt) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
