"""A primary and its hot standby: the second one answers, and may only be read."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snapper.engines.postgresql.trying.cluster import DATA
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.unprivileged import unprivileged
from tests.support.canary import CANARY
from tests.support.databases import Source

_SETTINGS = {"wal_level": "replica", "max_wal_senders": "4", "full_page_writes": "on"}


@contextmanager
def standby(major: int, directory: Path, sql: str) -> Iterator[Source]:
    """Give the database `source` of a hot standby, as the SQL made it on the primary.

    The primary has ended by then: what a standby has, it has.
    """
    first = PostgresServer(major, directory / "primary", CANARY, _SETTINGS, tcp=True)
    with first:
        Source(first, "postgres").run("CREATE DATABASE source")
        Source(first, "source").run(sql)
    copy = directory / "standby"
    shutil.copytree(first.directory / DATA, copy / DATA)
    (copy / DATA / "standby.signal").touch()
    unprivileged().own_all(copy)
    second = PostgresServer(major, copy, CANARY, _SETTINGS, tcp=True)
    second.start()
    try:
        yield Source(second, "source")
    finally:
        second.crash()
