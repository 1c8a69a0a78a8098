"""The three streams of a command: never missing, and never the reason for a stack trace."""

import io
import json
import os
import sys
from typing import Any, TextIO


def open_streams() -> None:
    """Make up for what the shell or the environment took away; call it before anything is written.

    A stream that was closed (`>&-`) is None to Python. What is read is then empty, talk goes
    nowhere, and a result fails as on a full disk. What an encoding lacks is written as an escape.
    """
    if sys.stdin is None:
        sys.stdin = _nowhere(os.O_RDONLY, "r")
    if sys.stdout is None:
        # Opened for reading only: so a result that is written to it is told as lost.
        sys.stdout = _nowhere(os.O_RDONLY, "w")
    if sys.stderr is None:
        sys.stderr = _nowhere(os.O_WRONLY, "w")
    sys.stdout, sys.stderr = _forgiving(sys.stdout), _forgiving(sys.stderr)


def write_document(value: dict[str, Any], indent: int | None = None) -> None:
    """Write one JSON document on stdout, in whatever encoding that has."""
    utf = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(value, indent=indent, ensure_ascii=not utf))


def give_up_lost() -> OSError | None:
    """Stop writing to what cannot be written any more, and give the reason; None if all is well.

    Python flushes both streams once more at its end, and must not fail at that.
    """
    reason = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            reason = reason or error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    return reason


def _forgiving(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if isinstance(stream.buffer, io.RawIOBase):
        # PYTHONUNBUFFERED: without a buffer nobody could tell later that a write has failed.
        stream = open(  # noqa: SIM115  as long as the process
            stream.fileno(), "w", 1, encoding=stream.encoding, closefd=False
        )
    stream.reconfigure(errors="backslashreplace")
    return stream


def _nowhere(flags: int, mode: str) -> Any:  # noqa: ANN401  mypy knows no mode but a literal
    return open(os.open(os.devnull, flags), mode, encoding="utf-8")  # noqa: PTH123
