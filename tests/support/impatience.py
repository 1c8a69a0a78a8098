"""Nobody waits between two attempts: what the embedded cloud refuses once, it refuses again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

import botocore.endpoint

from snapper.aws import dead_letters, queue
from snapper.verbs import run

NO_PAUSE = SimpleNamespace(time=time.time, sleep=lambda _: None)
"""A clock for botocore's endpoint: a call that is tried again does not wait before."""


@contextmanager
def impatient() -> Iterator[None]:
    """Let commands of this process wait for nothing but what they wait for."""
    with (
        mock.patch.object(botocore.endpoint, "time", NO_PAUSE),
        mock.patch.object(dead_letters, "WAIT_SECONDS", 0),  # the emulator has but one host
        mock.patch.object(queue, "_PAUSE_SECONDS", 0),
        mock.patch.object(run, "_POLL_SECONDS", 0.05),
    ):
        yield
