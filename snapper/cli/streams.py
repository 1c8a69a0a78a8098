"""The three streams of a command: never missing, and never the reason for a stack trace.

All that is written as text passes here, and no control of others reaches a terminal.
"""

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO, cast

from snapper.values.visible import visible, visible_json


class _Output(io.FileIO):
    """A file that remembers why it could not be written.

    The buffer above it forgets that: what it could not pass on at once, it does not try again.
    """

    lost: OSError | None = None

    def write(self, data: Any, /) -> Any:  # noqa: ANN401  any kind of buffer
        """Write as any file does, or remember the reason."""
        try:
            return super().write(data)
        except OSError as error:
            self.lost = error
            raise


class Shielded:
    """A stream of text that writes the controls in it as escapes; otherwise the one within."""

    def __init__(self, within: TextIO) -> None:
        self.within = within

    def write(self, text: str, /) -> int:
        """Write what may be shown of the text."""
        self.within.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write as one text."""
        self.write("".join(lines))

    def __iter__(self) -> Iterator[str]:
        return iter(self.within)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever a stream has
        return getattr(self.within, name)


def shield() -> None:
    """Let both streams show no controls, also where others have taken their place meanwhile."""
    sys.stdout, sys.stderr = _shielded(sys.stdout), _shielded(sys.stderr)


def _shielded(stream: TextIO) -> TextIO:
    return stream if isinstance(stream, Shielded) else cast("TextIO", Shielded(stream))


def with_controls(stream: TextIO) -> TextIO:
    """Give the stream for text whose controls are our own: colours, and a line that moves.

    What is not our own in it has been made visible before.
    """
    return stream.within if isinstance(stream, Shielded) else stream


def open_streams() -> None:
    """Make up for what the shell or the environment took away; call it before anything is written.

    A stream that was closed (`>&-`) is None to Python. What is read is then empty, messages go
    nowhere, and a result fails as on a full disk. What an encoding lacks is written as an escape.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123  as long as we run
    # A missing stdout is opened for reading only: then a result that is written to it fails.
    sys.stdout = _writable(sys.stdout, os.O_RDONLY)
    sys.stderr = _writable(sys.stderr, os.O_WRONLY)
    shield()


def write_document(value: dict[str, Any], indent: int | None = None) -> None:
    """Write one JSON document on stdout, in whatever encoding that has."""
    utf = (sys.stdout.encoding or "").lower().startswith("utf")
    print(visible_json(json.dumps(value, indent=indent, ensure_ascii=not utf)))


def give_up_lost() -> OSError | None:
    """Stop writing to what cannot be written any more, and give the reason; None if all is well.

    Python flushes both streams once more at its end, and must not fail at that.
    """
    reasons = [_lost(stream) for stream in (sys.stdout, sys.stderr)]
    return next(filter(None, reasons), None)


def _lost(stream: TextIO) -> OSError | None:
    reason: OSError | None = getattr(getattr(stream.buffer, "raw", None), "lost", None)
    try:
        stream.flush()
    except OSError as error:
        reason = error
    if reason:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    return reason


def _writable(stream: TextIO | None, nowhere: int) -> TextIO:
    """Give a stream that writes to the same place, if that is a file, pipe or terminal."""
    if stream is None:
        return _text(os.open(os.devnull, nowhere), "utf-8", by_line=False)
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = getattr(stream.buffer, "raw", stream.buffer)
    if not isinstance(raw, io.FileIO):
        stream.reconfigure(errors="backslashreplace")
        return stream
    # PYTHONUNBUFFERED leaves out the buffer; lines are then written at once.
    by_line = stream.line_buffering or raw is stream.buffer
    return _text(stream.fileno(), stream.encoding, by_line=by_line)


def _text(descriptor: int, encoding: str, *, by_line: bool) -> TextIO:
    binary = io.BufferedWriter(_Output(descriptor, "w", closefd=False))
    return io.TextIOWrapper(binary, encoding, "backslashreplace", line_buffering=by_line)
