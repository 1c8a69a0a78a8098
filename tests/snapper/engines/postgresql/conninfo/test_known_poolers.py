"""Hosts known as poolers are told with what to write; servers beside them are not."""

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.known_poolers import pooler_doubts, pooler_faults

POOLERS = [
    ("ep-cool-sun-123-pooler.us-east-2.aws.neon.tech", "", "without -pooler"),
    ("EP-COOL-SUN-123-POOLER.us-east-2.aws.neon.tech.", "", "without -pooler"),
    ("aws-0-eu-central-1.pooler.supabase.com", ":6543", "port 5432"),
    ("db.abcdefgh.supabase.co", ":6543", "port 5432"),
    ("orders.proxy-abc123.eu-central-1.rds.amazonaws.com", "", "the instance or cluster"),
    ("read.endpoint.proxy-abc123.eu-central-1.rds.amazonaws.com", "", "the instance or cluster"),
    ("orders.proxy-abc123.cn-north-1.rds.amazonaws.com.cn", "", "the instance or cluster"),
    ("orders.proxy-abc123.rds.cn-north-1.amazonaws.com.cn", "", "the instance or cluster"),
    ("x-do-user-1-0.db.ondigitalocean.com", ":25061", "port 25060"),
    ("orders.postgres.database.azure.com", ":6432", "port 5432"),
    ("p.abc.db.postgresbridge.com", ":5431", "port 5432"),
    ("pgbouncer.internal.example.com", "", "own host and port"),
    ("orders-pgbouncer", ":5432", "own host and port"),
]


@pytest.mark.parametrize(("host", "port", "instead"), POOLERS)
def test_a_known_pooler_is_told_with_what_to_write(host: str, port: str, instead: str) -> None:
    connection = Connection.parse(f"postgresql://u:hush@{host}{port}/d")
    (fault,) = pooler_faults(connection)
    assert host in fault
    assert instead in fault
    assert "hush" not in fault
    assert list(pooler_doubts(connection)) == []


@pytest.mark.parametrize(
    "place",
    [
        "ep-cool-sun-123.us-east-2.aws.neon.tech",
        "aws-0-eu-central-1.pooler.supabase.com:5432",  # a pooler of whole sessions
        "db.abcdefgh.supabase.co",
        "orders.abc123.eu-central-1.rds.amazonaws.com",
        "orders.cluster-abc123.eu-central-1.rds.amazonaws.com",
        "x-do-user-1-0.db.ondigitalocean.com:25060",
        "orders.postgres.database.azure.com",
        "p.abc.db.postgresbridge.com:5432",
        "carpooler.example.com",
    ],
)
def test_the_server_beside_it_is_not(place: str) -> None:
    connection = Connection.parse(f"postgresql://u:p@{place}/d")
    assert list(pooler_faults(connection)) == []
    assert list(pooler_doubts(connection)) == []


def test_one_pooler_of_several_hosts_is_told() -> None:
    hosts = "db.example.com:5432,x.db.ondigitalocean.com:25061"
    (fault,) = pooler_faults(Connection.parse(f"postgresql://u:p@{hosts}/d"))
    assert fault.startswith("x.db.ondigitalocean.com, port 25061, is")


def test_the_usual_name_of_a_pooler_is_doubted_and_not_refused() -> None:
    connection = Connection.parse("postgresql://u:p@orders-pooler.example.com:6432/d")
    assert list(pooler_faults(connection)) == []
    (doubt,) = pooler_doubts(connection)
    assert doubt.startswith("orders-pooler.example.com is called a pooler")


def test_the_usual_port_of_a_pooler_is_doubted_and_not_refused() -> None:
    connection = Connection.parse("postgresql://u:p@db.example.com:6432/d")
    assert list(pooler_faults(connection)) == []
    (doubt,) = pooler_doubts(connection)
    assert doubt.startswith("db.example.com has port 6432, which is usually PgBouncer's")
