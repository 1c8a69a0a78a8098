"""Deliberately awkward sample databases: what breaks careless backup tools, in a few megabytes.

The SQL is in `local/demo/sql`, one file per theme. All of it is the same at every run.
"""

import secrets
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import extensions, sql

SQL = Path(__file__).parent / "sql"

AWKWARD = r"""p@ss:w/o,r|d%20&=+?#$(x)`'"\ üé🐘"""
"""Every character that has a meaning in a URI, a shell, a keyword string or the two secrets."""

ROLES = ("clerk & co", "reader")


@dataclass(frozen=True)
class Sample:
    """One sample database: its key, its server's major, its awkward name and its themes."""

    key: str
    major: int
    name: str
    themes: tuple[str, ...]


SAMPLES = (
    Sample("shop", 14, 'Bücher & "mehr"; $(echo 100%)', ("shop", "awkward")),
    Sample("sensors", 18, "all sensors' data / °C", ("sensors", "awkward")),
)


def new_password() -> str:
    """Make a password that is awkward, and that nobody knows."""
    return AWKWARD + secrets.token_urlsafe(24)


def write(sample: Sample, server: str, database: str) -> None:
    """Create the roles and the database through `server`, fill it through `database`.

    Both are connection strings of a superuser; the second one names the sample's database.
    """
    create_roles(server)
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(sample.name))
    with closing(psycopg2.connect(server)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(create)
    with closing(psycopg2.connect(database)) as connection:
        itself = (SQL / "itself.sql").read_text(encoding="utf-8")
        _run(connection, itself.replace("{name}", extensions.quote_ident(sample.name, connection)))
        for theme in sample.themes:
            _run(connection, (SQL / f"{theme}.sql").read_text(encoding="utf-8"))


def create_roles(server: str) -> None:
    """Create the roles that own things in the samples, where the server has them not yet."""
    with closing(psycopg2.connect(server)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for role in ROLES:
            with suppress(psycopg2.errors.DuplicateObject):
                cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))


def change(database: str, run: int) -> None:
    """Do to a sample what applications do between two backups, so that no two are alike."""
    statements = (SQL / "change.sql").read_text(encoding="utf-8")
    with closing(psycopg2.connect(database)) as connection:
        _run(connection, statements.replace("{run}", str(run)))


def _run(connection: extensions.connection, statements: str) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(statements)
