"""Poolers that are known by their hosts and ports, and what to write in their place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import Host, hosts

_USUAL_PORT = 6432
_USUAL_NAME = re.compile(r"^[^.]*-pooler(\.|$)")


@dataclass(frozen=True)
class _Pooler:
    name: str
    host: re.Pattern[str]
    instead: str
    port: int | None = None

    def is_at(self, host: Host) -> bool:
        if not self.host.search(host.plain):
            return False
        return self.port is None or self.port == host.port


_KNOWN = (
    _Pooler(
        "Neon's pooler",
        re.compile(r"^[^.]+-pooler\..*\.neon\.(tech|build)$"),
        "write the host without -pooler",
    ),
    _Pooler(
        "Supabase's transaction pooler",
        re.compile(r"\.pooler\.supabase\.com$"),
        "write port 5432, where the same host gives sessions",
        6543,
    ),
    _Pooler(
        "Supabase's transaction pooler",
        re.compile(r"\.supabase\.co$"),
        "write the session pooler, aws-….pooler.supabase.com, port 5432",
        6543,
    ),
    _Pooler(
        "an RDS Proxy",
        re.compile(
            r"\.proxy-[a-z0-9]+\."
            r"([a-z0-9-]+\.rds\.amazonaws\.com(\.cn)?|rds\.[a-z0-9-]+\.amazonaws\.com\.cn)$"
        ),
        "write the endpoint of the instance or cluster itself",
    ),
    _Pooler(
        "DigitalOcean's pooler",
        re.compile(r"\.db\.ondigitalocean\.com$"),
        "write port 25060, and the database's own name",
        25061,
    ),
    _Pooler(
        "Azure's pooler",
        re.compile(r"\.postgres\.database\.(azure\.com|usgovcloudapi\.net|chinacloudapi\.cn)$"),
        "write port 5432",
        _USUAL_PORT,
    ),
    _Pooler(
        "Crunchy Bridge's pooler",
        re.compile(r"\.db\.postgresbridge\.com$"),
        "write port 5432",
        5431,
    ),
    _Pooler(
        "PgBouncer",
        re.compile(r"(^|[.-])pgbouncer([.-]|$)"),
        "write the server's own host and port",
    ),
)


def pooler_faults(connection: Connection) -> Iterator[str]:
    """Tell of every host that is known to be a pooler: a dump needs a session of its own."""
    for host in hosts(connection):
        if known := next((each for each in _KNOWN if each.is_at(host)), None):
            port = f", port {known.port}," if known.port else ""
            yield (
                f"{host.name}{port} is {known.name}, but a dump needs a session of its own: "
                f"{known.instead}"
            )


def pooler_doubts(connection: Connection) -> Iterator[str]:
    """Tell of every host that may be a pooler: another server can have PgBouncer's port too."""
    for host in hosts(connection):
        if any(each.is_at(host) for each in _KNOWN):
            continue
        if _USUAL_NAME.search(host.plain):
            yield (
                f"{host.name} is called a pooler: if it is, write the server's own host; "
                "one that shares its sessions will be refused"
            )
        elif host.port == _USUAL_PORT:
            yield (
                f"{host.name or host.address} has port {_USUAL_PORT}, which is usually PgBouncer's:"
                " if it is, write the server's own port; a pool that shares its sessions will be"
                " refused"
            )
