"""How a command ends: an exit code, and for errors a fact and a hint on stderr."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from typer.exceptions import TyperException

from snapper.cli.interruption import Interrupted
from snapper.errors import SnapperError


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
