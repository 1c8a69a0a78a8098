"""A connection that cannot work from the function is told beforehand, with what to write."""

from pathlib import Path

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.reachable import doubts, unusable

GOOD = [
    "postgresql://backup:p%40ss@db.example.com/orders?sslmode=require",
    "postgresql://backup:p@a.example.com:5432,b.example.com:5433/d?target_session_attrs=read-write",
    "host=10.0.0.7 dbname=d user=backup password=p",
    "hostaddr=10.0.0.7 dbname=d",
    "host=localhost hostaddr=10.0.0.7 dbname=d",  # the name is for the certificate alone
    "host=h sslrootcert=system sslmode=verify-full",
    "host=h sslmode=verify-full sslrootcert=/etc/pki/tls/certs/ca-bundle.crt",
    "postgresql://u:p@[2001:db8::1]/d",
    "host=h sslcert='' passfile=''",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_works_from_there_is_good(text: str) -> None:
    assert list(unusable(text, from_here=False)) == []


ROOTS = ("host=h sslrootcert=/home/me/hush.pem sslmode=verify-full", "sslrootcert", "=system")
LOCAL = [
    ("host=h sslcert=/home/me/hush", "sslcert", "a password"),
    ("host=h sslkey=/home/me/hush", "sslkey", "a password"),
    ("host=h sslcrl=/home/me/hush", "sslcrl", "leave it out"),
    ("host=h sslcrldir=/home/me/hush", "sslcrldir", "leave it out"),
    ("host=h passfile=/home/me/hush", "passfile", "the password into the connection"),
    ("host=h service=hush", "service", "host, port, dbname"),
    ("service=hush", "service", "host, port, dbname"),
    ("host=h krbsrvname=hush", "krbsrvname", "a password"),
    ("host=h gsslib=hush", "gsslib", "a password"),
    ("host=h gssencmode=require", "gssencmode=require", "sslmode=require"),
    ("host=h sslcertmode=require", "sslcertmode=require", "a password"),
    ("dbname=orders", "no host is named", "host="),
    ("postgresql:///orders", "no host is named", "host="),
    ("host=/tmp/hush dbname=d", "a host is empty or a path", "the server's name"),
    ("host=@hush dbname=d", "a host is empty or a path", "the server's name"),
    ("host=h,,h dbname=d", "a host is empty or a path", "the server's name"),
    ("postgresql://u:hush@localhost/d", "localhost means the function itself", "other machines"),
    ("postgresql://u:hush@127.0.0.53/d", "127.0.0.53 means the function", "other machines"),
    ("postgresql://u:hush@[::1]:5433/d", "::1 means the function itself", "other machines"),
    ("host=h hostaddr=127.0.0.1 dbname=d", "127.0.0.1 means the function", "other machines"),
    ("postgresql://u:hush@h,localhost/d", "localhost means the function itself", "other machines"),
]


@pytest.mark.parametrize(("text", "what", "instead"), [ROOTS, *LOCAL])
def test_what_only_the_operators_machine_has_is_told(text: str, what: str, instead: str) -> None:
    (fault,) = unusable(text, from_here=False)
    assert fault.startswith(what)
    assert instead in fault
    assert "hush" not in fault


@pytest.mark.parametrize(("text", "what", "instead"), LOCAL)
def test_where_the_dumps_are_made_on_that_machine_it_is_good(
    text: str, what: str, instead: str
) -> None:
    assert list(unusable(text, from_here=True)) == []


def test_so_is_a_file_of_authorities_but_only_if_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "hush.pem"
    text = f"host=h sslmode=verify-full sslrootcert={file}"
    (fault,) = unusable(text, from_here=True)
    assert fault.startswith("sslrootcert names a file that is not there")
    assert "hush" not in fault
    file.touch()
    assert list(unusable(text, from_here=True)) == []


@pytest.mark.parametrize("from_here", [False, True])
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("postgresql://u:hush@ep-x-pooler.eu-central-1.aws.neon.tech/d", "ep-x-pooler."),
        ("postgresql://u:hush@db.example.com/d?sslmode=Require", "libpq does not know"),
        ("host=a,b port=1,2,3", "there are 3 ports"),
        ("nonsense hush", "libpq cannot read the connection"),
        ("host=h,B,postgresql://u:hush@localhost/d", "it seems to hold a second row"),
    ],
)
def test_what_works_from_nowhere_is_told_wherever_the_dumps_are_made(
    text: str, what: str, *, from_here: bool
) -> None:
    (fault,) = unusable(text, from_here=from_here)
    assert fault.startswith(what)
    assert "hush" not in fault


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        ("postgresql://u:hush@h/d", []),
        ("host=h dbname=d user=u sslcert=/x", []),
        ("postgresql://u:[YOUR-PASSWORD]@h/d", ["its password looks like"]),
        ("postgresql://u:hush@h/d&sslmode=require", ["the name of its database looks"]),
        ("postgresql://u:hush@https://h/d", ["the name of its database looks"]),
        ("postgresql://u@h/d", ["no password is given"]),
        ("host=h dbname=d password=hush", ["no user is named"]),
        ("postgresql://u:hush@h:6432/d", ["h has port 6432"]),
        ("postgresql://u:hush@10.1.2.3,52.1.2.3/d", ["10.1.2.3 is an address of a private"]),
        (
            "host=db hostaddr=fd00::1 dbname=d user=u password=x",
            ["fd00::1 is an address of", "fd00::1 has IPv6 only"],
        ),
        ("postgresql://u:hush@[2a05:d014::1]/d", ["2a05:d014::1 has IPv6 only"]),
        ("postgresql://u:hush@db.abc1.supabase.co/d", ["db.abc1.supabase.co has IPv6 only"]),
        ("host=db.abc1.supabase.co hostaddr=18.1.2.3 user=u password=x", []),
        ("postgresql://u:hush@aws-0-eu-west-1.pooler.supabase.com/d", []),
    ],
)
def test_what_may_work_all_the_same_is_doubted(text: str, doubted: list[str]) -> None:
    found = list(doubts(Connection.parse(text), networked=False))
    assert [each[: len(start)] for each, start in zip(found, doubted, strict=True)] == doubted


def test_a_function_in_a_network_may_reach_what_is_private() -> None:
    assert list(doubts(Connection.parse("postgresql://u:x@10.1.2.3/d"), networked=True)) == []


def test_all_faults_of_a_connection_are_told_at_once() -> None:
    told = list(unusable("host=localhost sslmode=Require sslcert=/x", from_here=False))
    assert len(told) == 3
