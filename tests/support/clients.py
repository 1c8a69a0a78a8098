"""Clients that commands of this process share, as long as they would make the same ones.

On AWS a command lives for one errand. Here hundreds follow each other, and what each of them does
most of the time is making clients and shaking hands.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import boto3

from snapper.aws import client as aws

_make = boto3.client


@contextmanager
def shared() -> Iterator[None]:
    """Give who asks for a client the one that was made for the same caller in the same place."""
    with mock.patch.object(boto3, "client", _client):
        yield


def _client(service: str, config: object = None, **named: Any) -> Any:
    session = boto3.DEFAULT_SESSION
    if config is not aws._CONFIG or named or session is None:
        return _make(service, config=config, **named)
    caller = frozenset(
        (name, value)
        for name, value in os.environ.items()
        if name.startswith("AWS_") or name == "HOME"
    )
    return _kept(service, session.profile_name, session.region_name, caller)


@functools.lru_cache(maxsize=64)
def _kept(service: str, profile: str, region: str, caller: frozenset[tuple[str, str]]) -> Any:
    return _make(service, config=aws._CONFIG)
