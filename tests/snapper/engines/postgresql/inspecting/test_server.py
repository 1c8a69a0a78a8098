"""What a server is asked before it is dumped, and what stands in the way of asking."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from local.emulator.certificate import Certificate, make_certificate
from snapper.engines.postgresql.connecting.session import conninfo
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.server import ServerFacts, inspect
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DatabaseUnreachable, DatabaseUnsupported, HostUnreachable
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from tests.support import poolers
from tests.support.databases import Source, job
from tests.support.few import few
from tests.support.recording import RecordedEvents


def ask(dsn: str) -> ServerFacts:
    return inspect(Connection.parse(dsn), redactor(dsn))


def through(source: Source, port: int) -> str:
    return source.dsn.replace(f":{source.server.port}/", f":{port}/")


def test_the_server_tells_its_facts(source: Callable[..., Source]) -> None:
    made = source(17)
    facts = ask(made.dsn)
    assert (facts.major, facts.database_name, facts.encoding) == (17, made.name, "UTF8")
    assert facts.version.startswith("17.")
    assert facts.size > 1_000_000
    assert not facts.encrypted


@pytest.mark.parametrize("pooler", few([poolers.refusing, poolers.dropping]))
def test_a_pooler_that_gives_a_session_of_its_own_is_dumped_through(
    pooler: Callable[[int], AbstractContextManager[int]],
    source: Callable[..., Source],
    dumper: Dumper,
) -> None:
    """Whatever it does with `options`; and what is set on the login does not reach pg_dump."""
    made = source(17)
    role = f"pooled_by_{pooler.__name__}"
    made.run(f"CREATE ROLE group_{role}; CREATE ROLE {role} LOGIN PASSWORD 'hush-hush'")
    made.run(f"GRANT pg_read_all_data, group_{role} TO {role}")
    made.run(f"ALTER ROLE {role} SET role TO group_{role}")
    with pooler(made.server.port) as port:
        dsn = f"postgresql://{role}:hush-hush@127.0.0.1:{port}/{quote(made.name)}"
        assert (ask(dsn).role, ask(dsn).bare) == (role, True)
        assert dumper.dump(job(), Database("orders", dsn, 1)) is not None


@pytest.mark.parametrize("keeps_options", few([True, False]))
@pytest.mark.parametrize("how", [{}, {"turns": True}, {"statements": True}], ids=str)
def test_a_pooler_that_lends_its_sessions_is_refused_by_name(
    how: dict[str, bool], source: Callable[..., Source], *, keeps_options: bool
) -> None:
    made = source()
    with (
        poolers.sharing(made.server.port, keeps_options=keeps_options, **how) as port,
        pytest.raises(DatabaseUnsupported, match="connection pooler") as refused,
    ):
        ask(through(made, port))
    assert "without -pooler" in refused.value.hint


def test_an_rds_proxy_is_refused_by_name() -> None:
    words = "Feature not supported: RDS Proxy currently doesn\u2019t support command-line options."
    with (
        poolers.saying(("0A000", words)) as port,
        pytest.raises(DatabaseUnsupported, match="is an RDS Proxy") as refused,
    ):
        ask(f"postgresql://u:hush-hush@127.0.0.1:{port}/d?sslmode=disable")
    assert "the endpoint of the instance or cluster" in refused.value.hint


def test_a_login_of_one_connection_is_asked_all_the_same(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE single LOGIN PASSWORD 'pw' CONNECTION LIMIT 1")
    assert ask(made.as_role("single", "pw")).database_name == made.name


def test_a_pooler_that_leaves_backslashes_open_is_refused(source: Callable[..., Source]) -> None:
    made = source(17)
    made.run(f'ALTER DATABASE "{made.name}" SET standard_conforming_strings = off')
    with (
        poolers.dropping(made.server.port) as port,
        pytest.raises(DatabaseUnsupported, match="standard_conforming_strings"),
    ):
        ask(through(made, port))


def test_options_of_the_connection_are_kept(source: Callable[..., Source]) -> None:
    made = source()
    assert ask(f"{made.dsn}?options=-c%20work_mem%3D5MB").database_name == made.name


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_cannot_be_reached_is_told(address: str) -> None:
    with pytest.raises(HostUnreachable, match=address) as failure:
        ask(f"postgresql://reader:hush-hush@{address}/orders?connect_timeout=2")
    assert "hush-hush" not in str(failure.value)
    assert failure.value.hint.startswith("check host and port")


def test_a_port_that_nobody_listens_on_is_told(refusing_port: int) -> None:
    with pytest.raises(DatabaseUnreachable, match="refused"):
        ask(f"postgresql://reader:hush-hush@127.0.0.1:{refusing_port}/orders")


@pytest.mark.long
def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    with poolers.silent() as port, pytest.raises(DatabaseUnreachable, match="timeout expired"):
        ask(f"postgresql://u:hush-hush@127.0.0.1:{port}/d?connect_timeout=2&sslmode=disable")


def test_a_wrong_password_gets_no_advice_about_networks(source: Callable[..., Source]) -> None:
    with pytest.raises(DatabaseUnreachable, match="authentication failed") as failure:
        ask(source().dsn.replace("p%40ss", "wr0ng"))
    assert failure.value.hint.startswith("user or password is wrong")


def test_settings_of_role_and_database_do_not_get_in_the_way(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(
        17,
        "CREATE TABLE t AS SELECT 1 AS n; CREATE SCHEMA mine;"
        "CREATE FUNCTION mine.current_setting(text, boolean) RETURNS text LANGUAGE sql"
        " AS $$SELECT 'trapped'$$",
    )
    made.run("CREATE ROLE hasty LOGIN PASSWORD 'hush-hush'; GRANT pg_read_all_data TO hasty")
    made.run("ALTER ROLE hasty SET statement_timeout = '1s'")
    made.run(f'ALTER DATABASE "{made.name}" SET search_path = mine, pg_catalog')
    made.run(f'ALTER DATABASE "{made.name}" SET default_transaction_read_only = on')
    dsn = f"postgresql://hasty:hush-hush@127.0.0.1:{made.server.port}/{made.name}"
    assert ask(dsn).database_name == made.name
    assert dumper.dump(job(), Database("orders", dsn, 1)) is not None


def test_a_lock_on_the_catalogue_is_waited_for_whatever_the_database_says(
    source: Callable[..., Source],
) -> None:
    made = source(17)
    # Before the settings, which would end this session too.
    lock = psycopg2.connect(made.dsn)
    made.run(f'ALTER DATABASE "{made.name}" SET lock_timeout = 100')
    made.run(f'ALTER DATABASE "{made.name}" SET transaction_timeout = 200')
    made.run(f"ALTER DATABASE \"{made.name}\" SET statement_timeout = '1s'")
    lock.cursor().execute("LOCK TABLE pg_catalog.pg_shdepend IN ACCESS EXCLUSIVE MODE")
    threading.Timer(1.5, lock.close).start()
    assert ask(made.dsn).database_name == made.name


@pytest.mark.parametrize("octets", [b"m\xc3\xbcller", b"m\xfcller"])
def test_names_of_a_database_without_an_encoding_are_read_whatever_they_are(
    source: Callable[..., Source], dumper: Dumper, octets: bytes
) -> None:
    made = Source(source(17).server, "without an encoding")
    Source(made.server, "postgres").run(f'DROP DATABASE IF EXISTS "{made.name}"')
    Source(made.server, "postgres").run(
        f"CREATE DATABASE \"{made.name}\" TEMPLATE template0 ENCODING 'SQL_ASCII'"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    link = psycopg2.connect(made.dsn)
    link.autocommit = True
    try:
        link.cursor().execute(b'CREATE ROLE "' + octets + b'"')
        link.cursor().execute(b'CREATE TABLE t (n int); ALTER TABLE t OWNER TO "' + octets + b'"')
        manifest = dumper.dump(job(), made.database())
        assert manifest is not None
        assert octets.decode("utf-8", "backslashreplace") in manifest.part["roles"]
    finally:
        link.cursor().execute(b'DROP TABLE t; DROP ROLE "' + octets + b'"')
        link.close()


@pytest.mark.parametrize(
    ("asked", "given"), [("", "15"), ("connect_timeout=7", "7"), ("connect_timeout=0", "60")]
)
def test_no_connection_is_waited_for_for_ever(asked: str, given: str) -> None:
    how = parse_dsn(conninfo(Connection.parse(f"host=h {asked}")))
    assert how["connect_timeout"] == given


@pytest.fixture(scope="session")
def certificate(run_dir: Path) -> Certificate:
    directory = run_dir / "certificate"
    directory.mkdir()
    return make_certificate(directory)


@pytest.fixture(scope="session")
def encrypted(run_dir: Path, certificate: Certificate) -> Iterator[Source]:
    made = PostgresServer(17, run_dir / "postgres-tls", tcp=True)
    made.start()
    made.stop()  # now there are files to be added to
    data = made.directory / "data"
    owner = data.stat()
    for source, name in ((certificate.chain, "server.crt"), (certificate.key, "server.key")):
        shutil.copyfile(source, data / name)
        os.chown(data / name, owner.st_uid, owner.st_gid)
        (data / name).chmod(0o600)
    with (data / "postgresql.conf").open("a") as settings:
        settings.write("ssl = on\n")
    with made:
        yield Source(made, "postgres")


@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_an_encrypted_connection_is_told(encrypted: Source, mode: str) -> None:
    assert ask(f"{encrypted.dsn}?sslmode={mode}").encrypted


def test_neons_usual_parameters_work(encrypted: Source) -> None:
    assert ask(f"{encrypted.dsn}?sslmode=require&channel_binding=require").encrypted


@pytest.mark.parametrize("roots", ["own", "system"])
def test_a_server_is_verified_by_roots_of_ones_own_or_the_systems(
    roots: str,
    encrypted: Source,
    certificate: Certificate,
    dumper: Dumper,
    events: RecordedEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    trusted = "system" if roots == "system" else certificate.authority
    dsn = f"{encrypted.dsn}?sslmode=verify-full&sslrootcert={trusted}"
    manifest = dumper.dump(job(), Database("orders", dsn, 1))
    assert manifest is not None
    assert manifest.encrypted_connection
    assert "connection.plain" not in events.names()


def test_a_server_that_cannot_prove_who_it_is_is_refused(
    encrypted: Source, tools: ClientTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setattr("snapper.engines.postgresql.connecting.session._SYSTEM_ROOTS", ())
    with pytest.raises(DatabaseUnreachable, match="certificate"):
        ask(f"{encrypted.dsn}?sslmode=verify-full&sslrootcert=system")


def test_a_server_without_encryption_is_refused_where_it_is_required(
    source: Callable[..., Source],
) -> None:
    with pytest.raises(DatabaseUnreachable, match="does not support SSL"):
        ask(f"{source().dsn}?sslmode=require")
