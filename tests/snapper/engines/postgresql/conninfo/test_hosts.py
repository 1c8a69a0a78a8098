"""Hosts, addresses and ports are paired as libpq pairs them."""

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import Host, host_faults, hosts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("postgresql://db.example.com/d", (Host("db.example.com"),)),
        ("postgresql://a:1,b,[::1]:3/d", (Host("a", port=1), Host("b"), Host("::1", port=3))),
        ("host=a,b port=7", (Host("a", port=7), Host("b", port=7))),
        ("host='a, b' hostaddr=10.0.0.1,", (Host("a", "10.0.0.1"), Host("b"))),
        ("hostaddr=10.0.0.1", (Host("", "10.0.0.1"),)),
        ("dbname=orders", ()),
    ],
)
def test_servers_are_read_one_by_one(text: str, found: tuple[Host, ...]) -> None:
    assert hosts(Connection.parse(text)) == found


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost.",
        "orders.localhost",
        "ip6-localhost",
        "host.docker.internal",
        "127.0.0.1",
        "127.9.9.9",
        "127.1",
        "0.0.0.0",  # noqa: S104  nothing is bound
        "0",
        "::1",
        "::",
        "::ffff:127.0.0.1",
    ],
)
def test_this_machine_is_known_by_all_of_its_names(host: str) -> None:
    assert Host(host).is_loopback


@pytest.mark.parametrize("host", ["10.0.0.1", "128.0.0.1", "fd00::1", "localhost.example.com", "x"])
def test_other_machines_are_not_taken_for_it(host: str) -> None:
    assert not Host(host).is_loopback


def test_an_address_counts_more_than_the_name_beside_it() -> None:
    assert not Host("localhost", "10.0.0.1").is_loopback
    assert Host("db.example.com", "127.0.0.1").is_loopback
    assert not Host("/tmp", "10.0.0.1").is_socket


@pytest.mark.parametrize("name", ["", "/var/run/postgresql", "@abstract"])
def test_a_socket_is_known_by_its_form(name: str) -> None:
    assert Host(name).is_socket


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("host=a,b hostaddr=10.0.0.1", "2 hosts, but 1 in hostaddr"),
        ("host=a,b port=1,2,3", "3 ports, but hosts: 2"),
        ("port=1,2", "2 ports, but hosts: 1"),
        ("postgresql://reader:70000/orders", "no such port"),
        ("host=h port=0", "no such port"),
        ("hostaddr=db.example.com", "write a name as host"),
    ],
)
def test_what_libpq_cannot_pair_is_told(text: str, fault: str) -> None:
    (told,) = host_faults(Connection.parse(text))
    assert fault in told
    assert "70000" not in told  # of a connection without its host it is the password


@pytest.mark.parametrize("text", ["host=a,b port=1,2", "host=a,b port=7", "host=a,b", "host=h"])
def test_what_it_can_pair_is_not(text: str) -> None:
    assert list(host_faults(Connection.parse(text))) == []
