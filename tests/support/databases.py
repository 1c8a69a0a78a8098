"""Builders for what is backed up: a database, its job, its secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.job import Job
from snapper.values.secrets import Database

UNTENDED = {"autovacuum": "off"}
"""The settings of a session's servers: nobody looks after databases that live for a second."""

EVERY_MAJOR = [14, *(pytest.param(each, marks=pytest.mark.long) for each in (15, 16, 17)), 18]
"""To parametrize a test with: the first and the last one always, the others where there is time."""

AT = datetime(2026, 11, 23, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Source:
    """One database of a throw-away server."""

    server: PostgresServer
    name: str

    @property
    def dsn(self) -> str:
        return self.server.dsn(self.name)

    def as_role(self, name: str, password: str) -> str:
        """Give the connection of another role."""
        return make_dsn(self.dsn, user=name, password=password)

    @property
    def own(self) -> str:
        """Give the connection by which a test makes and looks at what is in it."""
        return self.dsn

    def run(self, sql: str) -> None:
        query(self.own, sql)

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Hold a table so that nobody else can touch it."""
        link = psycopg2.connect(self.own)
        try:
            link.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
        finally:
            link.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return query(self.own, sql)

    def beside(self, name: str) -> Self:
        """Name another database of the same server and role, whether it is there or not."""
        return replace(self, name=name)

    def create(self, name: str) -> Self:
        """Make another database of the same server and role; copied as files it costs half."""
        copied = " STRATEGY file_copy" if self.server.major >= 15 else ""
        self.run(f'CREATE DATABASE "{name}"{copied}')
        return self.beside(name)

    def database(self, key: str = "orders", retention: int = 2) -> Database:
        return Database(key, self.dsn, retention)


def job(at: datetime = AT, database: str = "orders") -> Job:
    return Job(database, at)


def query(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    """Run SQL that commits by itself, and give the rows of its last statement, if it has any."""
    link = psycopg2.connect(dsn)
    try:
        link.autocommit = True
        cursor = link.cursor()
        cursor.execute(sql)
        return [] if cursor.description is None else cursor.fetchall()
    finally:
        link.close()
