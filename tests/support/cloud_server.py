"""PostgreSQL as a cloud gives it: nobody there is superuser but the provider.

The provider's superuser owns the server, what lies in every new database, and rights, an event
trigger, default privileges and a security label of its own, which are in every dump. Customers have
a master role that may make roles and databases, and whoever that makes. There is no database
`postgres`, and `pg_hba.conf` lets some in only where it names the database.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from _pytest.mark import ParameterSet
from psycopg2.extensions import make_dsn

from snapper.engines.postgresql.trying.throw_away import PostgresServer
from tests.support.canary import CANARY
from tests.support.databases import UNTENDED, Source, query
from tests.support.passwords import kept

DATABASE = "defaultdb"
"""The one database that there is at first."""

MASTER, OWNER, FENCED = "master", "owner", "fenced"
"""The provider's gift; whom it has made, who may make databases; whom `pg_hba.conf` fences in."""

ADMITTED = ("admitted", "admitted anew")
"""The databases that the fenced role may reach, whether they are there or not."""

PROVIDERS = {14: "rdsadmin", 16: "azuresu", 18: "cloudsqladmin"}
"""By major, whom the server belongs to."""

GROUPS = {14: "rds_superuser", 16: "azure_pg_admin", 18: "cloudsqlsuperuser"}
"""By major, the provider's role that every master is a member of."""

# Each would end the first thing that a session does which has not set it aside by then.
HURRIED = (
    "default_transaction_read_only = on",
    "statement_timeout = '1ms'",
    "lock_timeout = '1ms'",
    "idle_in_transaction_session_timeout = '1ms'",
)

_SET_ASIDE = (
    "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0"
    " -c idle_in_transaction_session_timeout=0"
)

# Who may be granted what by a provider, and what new databases are copied with.
_ROLES = """
CREATE ROLE {group} CREATEDB CREATEROLE NOLOGIN;
GRANT pg_monitor, pg_signal_backend, pg_read_all_data TO {group} WITH ADMIN OPTION;
CREATE ROLE {master} LOGIN CREATEDB CREATEROLE PASSWORD '{password}' IN ROLE {group};
"""
_TEMPLATE = """
CREATE EXTENSION pg_stat_statements;
CREATE FUNCTION pg_catalog.cloud_watch() RETURNS event_trigger LANGUAGE plpgsql
    AS 'BEGIN RETURN; END';
CREATE EVENT TRIGGER cloud_watch ON ddl_command_end EXECUTE FUNCTION pg_catalog.cloud_watch();
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {group} WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO {group} WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset() TO {group};
SET allow_system_table_mods = on;
INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label)
    VALUES ('public'::regnamespace, 'pg_namespace'::regclass, 0, 'cloud', 'a customer''s');
"""
_MADE_BY_MASTER = """
CREATE ROLE owner LOGIN CREATEDB PASSWORD '{password}';
CREATE ROLE fenced LOGIN CREATEDB PASSWORD '{password}';
GRANT owner TO {master};
"""


class CloudServer(PostgresServer):
    """A server that belongs to a provider; its own `dsn` is the provider's."""

    def __init__(self, major: int, directory: Path) -> None:
        self.provider, self.group = PROVIDERS[major], GROUPS[major]
        super().__init__(major, directory, CANARY, UNTENDED, superuser=self.provider, tcp=True)

    def start(self) -> None:
        """Start it, and make of it what a provider makes."""
        super().start()
        names = {"group": self.group, "master": MASTER, "password": kept(self.password)}
        template = self.dsn("template1")
        query(template, f"ALTER ROLE {self.provider} PASSWORD '{kept(self.password)}'")
        query(template, f"CREATE DATABASE {DATABASE}")
        query(self.dsn(), "DROP DATABASE postgres")
        query(template, _ROLES.format(**names))
        query(template, _TEMPLATE.format(**names))
        query(self.seen_by(MASTER).own, _MADE_BY_MASTER.format(**names))
        query(self.dsn(), f"ALTER DATABASE {DATABASE} OWNER TO {MASTER}")
        for role in (MASTER, OWNER, FENCED):
            for setting in HURRIED:
                query(self.dsn(), f"ALTER ROLE {role} SET {setting}")
        self._let_in()

    def dsn(self, database: str = DATABASE) -> str:
        """Give the provider's connection, which no customer has."""
        return super().dsn(database)

    def seen_by(self, role: str, database: str = DATABASE) -> "Tenant":
        """Give a database as one of its customers sees it."""
        return Tenant(self, database, role)

    def drop_databases(self) -> None:
        """Leave no database but the first."""
        made = (
            f"SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> '{DATABASE}'"
        )
        for (name,) in query(self.dsn(), made):
            query(self.dsn(), f'DROP DATABASE "{name}" WITH (FORCE)')

    def _let_in(self) -> None:
        """Let everybody in everywhere, but one only where it is written."""
        named = ",".join(f'"{name}"' for name in ADMITTED)
        lines = (
            f'host all "{self.provider}" 127.0.0.1/32 scram-sha-256',
            f"host {named},{DATABASE} {FENCED} 127.0.0.1/32 scram-sha-256",
            f"host all {FENCED} 127.0.0.1/32 reject",
            "host all all 127.0.0.1/32 scram-sha-256",
        )
        ((place,),) = query(self.dsn(), "SHOW hba_file")
        Path(place).write_text("\n".join(lines) + "\n")
        query(self.dsn(), "SELECT pg_reload_conf()")


@dataclass(frozen=True)
class Customer:
    """Where and as whom a test runs in a cloud."""

    major: int
    role: str

    def __str__(self) -> str:
        return f"{self.role} of a cloud's {self.major}"


def everywhere(
    fixture: str = "source", *roles: str, is_quick: bool = False
) -> pytest.MarkDecorator:
    """Have a test run on a server of its own and in a cloud, as the roles or as both there are.

    As a plain owner beside a master it does so only where time is no matter: what runs in a cloud
    only has both in any case. So it is in a cloud with what runs through the whole command line,
    unless it is quick: the tests of the verbs are there in any case.
    """
    spared = [OWNER] if MASTER in (roles or (MASTER,)) else []
    if fixture == "somewhere" and not is_quick:
        spared = [MASTER, OWNER]
    where = [pytest.param(None, id="own server"), *_customers(*roles, spared=spared)]
    return pytest.mark.parametrize(fixture, where, indirect=True)


def in_a_cloud(fixture: str = "source", *roles: str) -> pytest.MarkDecorator:
    """Have a test run in a cloud only."""
    return pytest.mark.parametrize(fixture, [*_customers(*roles)], indirect=True)


def _customers(*roles: str, spared: Sequence[str] = ()) -> Iterator[ParameterSet]:
    for major, role in itertools.product(sorted(GROUPS, reverse=True), roles or (MASTER, OWNER)):
        customer = Customer(major, role)
        quick = major == max(GROUPS) and role not in spared
        yield pytest.param(customer, id=str(customer), marks=[] if quick else [pytest.mark.long])


@dataclass(frozen=True)
class Tenant(Source):
    """One database of a cloud's server, made and seen by a role that is no superuser."""

    role: str

    @property
    def dsn(self) -> str:
        """Give what the customer has: nothing is set aside in it."""
        user, password = quote(self.role, safe=""), quote(self.server.password, safe="")
        place = f"127.0.0.1:{self.server.port}/{quote(self.name, safe='')}"
        return f"postgresql://{user}:{password}@{place}"

    @property
    def own(self) -> str:
        """Give the same without the hurry."""
        return make_dsn(self.dsn, options=_SET_ASIDE)
