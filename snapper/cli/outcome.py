"""How a command ends: an exit code, and for errors a fact and a hint on stderr."""

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from typer.exceptions import TyperException

from snapper.cli import lines
from snapper.cli.interruption import Interrupted
from snapper.cli.streams import give_up_lost, write_document
from snapper.errors import SnapperError
from snapper.values.nearest import did_you_mean
from snapper.values.program import PROGRAM

# What the library says in its own words, and what a user understands.
_PLAIN = (
    (r"Value error, ", ""),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"too many arguments: \1"),
    (r"Missing argument '(.+)'", r"there is no \1"),
    (r"Input should be a valid integer\b.*", "must be a whole number"),
    (r"Input should be a valid number\b.*", "must be a number"),
    (r"Input should be (greater|less) than( or equal to)? ", r"must be \1 than\2 "),
    (r"Option '(.+)' requires an argument", r"there is no value for \1"),
)
_CHOICE = re.compile(r"'([^']*)' is not one of ('.*')")


@dataclass
class Outcome:
    """The exit code of the command, known when it ended, and whether it printed its document."""

    code: int = 0
    answered: bool = False


@contextmanager
def reporting(*, as_json: bool) -> Iterator[Outcome]:
    """Turn whatever ends the command into its exit code and words.

    Errors go to stderr as `error: fact`, `now: …` for each note that the error was given, and
    `hint: …`; `as_json` puts one document on stdout too. To a reader that is gone, as after
    `| head`, nothing more is said.
    """
    result = Outcome()

    def tell(error: BaseException, fact: str, hint: str = "") -> None:
        notes = getattr(error, "__notes__", [])
        with suppress(OSError):
            lines.tell("error", fact)
            for note in notes:
                lines.tell("now", note)
            if hint:
                lines.tell("hint", hint)
        with suppress(OSError):
            if as_json and not result.answered:
                words = {"fact": fact, "hint": hint, **({"now": notes} if notes else {})}
                write_document({"error": words})
        # The exit code is set, whether or not the message could be written.
        give_up_lost()

    try:
        yield result
        sys.stdout.flush()
        sys.stderr.flush()
    except (SnapperError, TyperException, Interrupted) as error:
        result.code = error.exit_code
        tell(error, *_words(error))
    except OSError as error:
        reason = give_up_lost()
        if reason is None:
            raise  # of something else, and so a defect
        result.code = SnapperError.exit_code
        if isinstance(reason, BrokenPipeError):
            result.code = 128 + signal.SIGPIPE
        else:
            tell(error, f"the output cannot be written: {reason.strerror}")


def _words(error: SnapperError | TyperException | Interrupted) -> tuple[str, str]:
    """Give the fact and the hint."""
    if isinstance(error, SnapperError):
        return str(error), error.hint
    if isinstance(error, TyperException):
        return _usage(error)
    return str(error), ""


def _usage(error: TyperException) -> tuple[str, str]:
    """Give what is wrong with the command as it was typed, and what may have been meant."""
    command = getattr(getattr(error, "ctx", None), "command_path", "").partition(" ")[2]
    hint = " ".join(filter(None, [PROGRAM, command, "--help shows what there is"]))
    if hasattr(error, "possibilities"):  # an option that is not there: Typer hides the class
        typed = getattr(error, "option_name", "")
        return f"there is no option {typed}", did_you_mean(typed, error.possibilities or ()) or hint
    fact = error.format_message().rstrip(".")
    for theirs, plain in _PLAIN:
        fact = re.sub(theirs, plain, fact)
    if choice := _CHOICE.search(fact):
        hint = did_you_mean(choice[1], re.findall("'([^']*)'", choice[2])) or hint
    return fact[:1].lower() + fact[1:], hint
