"""What one execution environment writes: into a file, and into CloudWatch Logs as on AWS.

The function writes into a pipe that is always read at once, so a slow network never holds it up.
What it wrote before it answered is in CloudWatch Logs before the caller has the answer.
"""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

PAUSE_SECONDS = 0.2
"""How long lines may wait for others, to travel together."""

# Of one PutLogEvents. Source: Amazon CloudWatch Logs API reference.
BATCH_LINES = 10_000
BATCH_BYTES = 1_048_576
_LINE_OVERHEAD = 26
_LINE_BYTES = 262_144 - _LINE_OVERHEAD


class Line(NamedTuple):
    """One line of a log, and when it was read, in milliseconds since 1970."""

    at: int
    text: str


class CloudWatchStream:
    """One log stream, made when its first lines come; `connect` gives the client to write with.

    As on AWS, lines that the function's role may not log, or that have no log group, are lost
    without a word: a function must not fail for its log.
    """

    def __init__(self, connect: Callable[[], Any], group: str, name: str) -> None:
        self._connect = connect
        self._client: Any = None
        self._place = {"logGroupName": group, "logStreamName": name}

    def put(self, lines: Sequence[Line]) -> None:
        """Send the lines, which are in the order of their times."""
        with contextlib.suppress(BotoCoreError, ClientError):
            if self._client is None:
                client = self._connect()
                client.create_log_stream(**self._place)
                self._client = client
            for batch in batches(lines):
                events = [{"timestamp": line.at, "message": line.text} for line in batch]
                self._client.put_log_events(**self._place, logEvents=events)

    def close(self) -> None:
        """Close the connection, if there ever was one."""
        if self._client is not None:
            self._client.close()


class LogStream:
    """The pipe that an environment writes its log into, from its beginning to its end.

    `writable` is the environment's end of it. All is appended to the file `copy` too, in whole
    lines: several environments write into one file, each its lines in pieces.
    """

    def __init__(self, copy: Path, destination: CloudWatchStream) -> None:
        self._destination = destination
        self._copy = copy.open("ab", buffering=0)
        self._readable, self.writable = os.pipe()
        os.set_blocking(self._readable, False)
        self._rest = b""
        self._waiting: list[Line] = []
        self._ended = threading.Event()
        self._reading, self._sending = threading.Lock(), threading.Lock()
        self._threads = [
            threading.Thread(target=task, name=f"log-{copy.stem}", daemon=True)
            for task in (self._read_on, self._send_on)
        ]

    def begin(self) -> None:
        """Follow the log, now that the environment has its end of the pipe."""
        os.close(self.writable)
        for thread in self._threads:
            thread.start()

    def flush(self) -> None:
        """Send all that has been written so far."""
        with self._sending:
            self._take()
            with self._reading:
                lines, self._waiting = self._waiting, []
            if lines:
                self._destination.put(lines)

    def end(self) -> None:
        """Send the rest, once all who could write are dead; a second time does nothing."""
        with self._sending:
            if self._ended.is_set():
                return
            self._ended.set()
        for thread in self._threads:
            thread.join()
        self._take()
        with self._reading:
            if self._rest:
                self._keep([self._rest])
                self._rest = b""
        self.flush()
        os.close(self._readable)
        self._copy.close()
        self._destination.close()

    def _read_on(self) -> None:
        while not self._ended.is_set():
            if select.select([self._readable], (), (), PAUSE_SECONDS)[0] and not self._take():
                return

    def _send_on(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            self.flush()

    def _take(self) -> bool:
        """Take what is in the pipe without waiting for more; tell whether more can come."""
        with self._reading:
            try:
                while block := os.read(self._readable, 65_536):
                    *lines, self._rest = (self._rest + block).split(b"\n")
                    self._keep(lines)
            except BlockingIOError:
                return True
            return False

    def _keep(self, lines: Sequence[bytes]) -> None:
        self._copy.write(b"".join(line + b"\n" for line in lines))
        self._waiting += [_line(line) for line in lines if line.strip()]


def written(copy: Path) -> list[str]:
    """Give the whole lines in a file that streams were copied to; none if there is no file."""
    text = copy.read_text(errors="replace") if copy.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Divide lines into what one PutLogEvents takes."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        weight = len(line.text.encode()) + _LINE_OVERHEAD
        if batch and (len(batch) == BATCH_LINES or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += weight
    if batch:
        yield batch


def _line(text: bytes) -> Line:
    # CloudWatch refuses a batch for one line that is too long.
    whole = text[:_LINE_BYTES].decode(errors="replace")
    return Line(int(time.time() * 1000), whole)
