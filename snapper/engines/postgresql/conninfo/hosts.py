"""The servers that a connection names, one by one as libpq pairs hosts, addresses and ports."""

import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from snapper.engines.postgresql.conninfo.connection import Connection

PORT = 5432

# Of carriers, and of private networks that span the internet; `is_private` leaves them out.
_SHARED = ipaddress.ip_network("100.64.0.0/10")

_LOCAL_NAMES = frozenset(
    {
        "localhost",
        "ip6-localhost",
        "ip6-loopback",
        "localhost.localdomain",
        # By these a container knows the machine that it runs on.
        "host.docker.internal",
        "gateway.docker.internal",
        "kubernetes.docker.internal",
        "host.containers.internal",
    }
)


# Supabase's own host of a project has IPv4 where that is paid for.
_IPV6_ONLY = re.compile(r"db\.[a-z0-9]+\.supabase\.co")


@dataclass(frozen=True)
class Host:
    """One server: the name as it was written, the address where one is given, the port."""

    name: str
    address: str = ""
    port: int = PORT

    @property
    def plain(self) -> str:
        """The name for a comparison: host names know no case, and may end with a dot.

        >>> Host("DB.example.com.").plain
        'db.example.com'
        """
        return self.name.lower().rstrip(".")

    @property
    def is_socket(self) -> bool:
        """Whether it is a socket of the same machine: a path, an abstract one, or libpq's own."""
        return not self.address and (not self.name or self.name.startswith(("/", "@")))

    @property
    def is_loopback(self) -> bool:
        """Whether it means the very machine that asks."""
        return _is_loopback(self.address or self.plain)

    @property
    def is_ipv6(self) -> bool:
        """Whether it is an address of IPv6, or known to have no other."""
        address = _address(self.address or self.plain)
        return isinstance(address, ipaddress.IPv6Address) or bool(
            not self.address and _IPV6_ONLY.fullmatch(self.plain)
        )

    @property
    def is_private(self) -> bool:
        """Whether it is an address that has a meaning in somebody's own network only."""
        address = _address(self.address or self.plain)
        return address is not None and (address.is_private or address in _SHARED)


def hosts(connection: Connection) -> tuple[Host, ...]:
    """Give the servers in the order in which libpq tries them; none where none is named."""
    names, addresses, ports = (_listed(connection, key) for key in ("host", "hostaddr", "port"))
    count = max(len(names), len(addresses))
    names, addresses = names or [""] * count, addresses or [""] * count
    ports = ports * count if len(ports) == 1 else ports or [""] * count
    # Lists that do not fit are a fault of their own; what there is of them is looked at still.
    return tuple(
        Host(name, address, int(port or PORT))
        for name, address, port in zip(names, addresses, ports, strict=False)
    )


def host_faults(connection: Connection) -> Iterator[str]:
    """Tell where libpq cannot pair hosts, addresses and ports, or where a port is none."""
    names, addresses, ports = (_listed(connection, key) for key in ("host", "hostaddr", "port"))
    count = max(len(names), len(addresses), 1)
    if names and addresses and len(names) != len(addresses):
        yield (
            f"there are {len(names)} hosts, but {len(addresses)} in hostaddr: write as many of each"
        )
    elif len(ports) not in {0, 1, count}:
        yield f"there are {len(ports)} ports, but hosts: {count}; write one port, or one for each"
    for port in ports:
        if port and not 0 < int(port) < 1 << 16:
            # Not the port itself: of a connection without its host this is the password.
            yield f"there is no such port: write 1 to 65535, usually {PORT}"
    if any(each and not _address(each) for each in addresses):
        yield "hostaddr takes addresses only: write a name as host"


def _listed(connection: Connection, keyword: str) -> list[str]:
    value = connection.parameters.get(keyword, "")
    return [each.strip() for each in value.split(",")] if value else []


def _is_loopback(host: str) -> bool:
    if host in _LOCAL_NAMES or host.endswith(".localhost"):
        return True
    address = _address(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    # What means "any address" to who listens, means this machine to who connects.
    return any(each.is_loopback or each.is_unspecified for each in (address, mapped) if each)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an address as the system does, which takes 127.1 for one too."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
