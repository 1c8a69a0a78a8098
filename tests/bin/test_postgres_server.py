"""The server of trials: what is shipped of it, that it runs on Lambda, and its stand-ins."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from bin.pg_dump import lock as clients
from bin.pg_dump.platforms import Platform
from bin.pg_dump.tree import tree_digest
from bin.postgres_server.layer import fetch, layer_files
from bin.postgres_server.lock import MAJOR, TAGS, locked_servers
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory
from tests.support.elf import MACHINES, machines, missing, needed, too_new

PROMISED = (
    *("uuid-ossp", "pgcrypto", "citext", "hstore", "pg_trgm", "btree_gin", "btree_gist", "ltree"),
    *("unaccent", "tablefunc", "vector"),
)
REACHING_OUT = ("dblink", "postgres_fdw", "file_fdw", "basebackup_to_shell", "libpqwalreceiver")
URL = uuid.NAMESPACE_URL


@pytest.fixture(params=MACHINES)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def cursor() -> Iterator[Cursor]:
    """The superuser's, of a server behind walls."""
    tree = fetch(Platform.here())
    with run_directory() as directory, PostgresServer.confining(MAJOR, directory, tree) as server:
        link = psycopg2.connect(server.dsn())
        link.autocommit = True
        yield link.cursor()
        link.close()


def test_the_lock_names_one_release_of_the_newest_major_for_every_platform() -> None:
    wheels = locked_servers()
    assert wheels.keys() == set(Platform)
    for platform, wheel in wheels.items():
        assert wheel.version == wheels[Platform.LINUX_ARM64].version
        assert wheel.version.startswith(f"{clients.MAJORS[-1]}.")
        assert wheel.file.endswith(f"{TAGS[platform]}.whl")
        assert re.fullmatch("[0-9a-f]{64}", wheel.sha256)
        assert re.fullmatch("[0-9a-f]{64}", wheel.tree)


def test_the_layer_holds_what_the_server_needs_and_nothing_that_reaches_out(
    architecture: str,
) -> None:
    files = layer_files(architecture)
    names = {name.removeprefix("postgresql/server/"): mode for name, _, mode in files}
    run = {name for name in names if name.startswith("bin/")}
    assert run == {"bin/postgres", "bin/initdb"}
    assert {names[name] for name in run} == {0o755}
    assert {"share/postgres.bki", "share/timezone/UTC", "licenses/LICENSE"} <= names.keys()
    assert {f"share/extension/{name}.control" for name in PROMISED} <= names.keys()
    modules = {Path(name).name.partition(".")[0] for name in names if name.startswith("lib/")}
    assert not modules & set(REACHING_OUT)
    assert {"plpgsql", "vector", "pgcrypto"} <= modules
    assert sum(path.stat().st_size for _, path, _ in files) < 40_000_000


def test_every_program_is_built_for_the_architecture(architecture: str) -> None:
    assert machines(layer_files(architecture)) == {MACHINES[architecture]}


def test_no_program_needs_newer_symbols_than_amazon_linux_2023_has(architecture: str) -> None:
    assert not too_new(layer_files(architecture))


def test_the_server_needs_the_c_library_zlib_and_for_pgcrypto_openssl(architecture: str) -> None:
    files = layer_files(architecture)
    rest = {library for _, library in needed(files)} - {Path(name).name for name, _, _ in files}
    c = r"lib(c|m|pthread|rt|dl)\.so\.\d|ld-linux-.*"
    assert {name for name in rest if not re.fullmatch(c, name)} == {"libz.so.1", "libcrypto.so.3"}
    assert not missing(files)


def test_the_extensions_that_most_databases_have_can_be_made(cursor: Cursor) -> None:
    for extension in PROMISED:
        cursor.execute(f'CREATE EXTENSION IF NOT EXISTS "{extension}"')


def test_the_stand_in_for_uuid_ossp_gives_what_it_would(cursor: Cursor) -> None:
    cursor.execute('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"')
    name = "http://www.postgresql.org/ä"
    cursor.execute(
        "SELECT uuid_generate_v3(uuid_ns_url(), %s)::text, uuid_generate_v5(uuid_ns_url(), %s)"
        "::text, uuid_ns_dns()::text, uuid_ns_oid()::text, uuid_ns_x500()::text, uuid_nil()::text",
        [name, name],
    )
    assert list(map(uuid.UUID, cursor.fetchone())) == [
        *(uuid.uuid3(URL, name), uuid.uuid5(URL, name)),
        *(uuid.NAMESPACE_DNS, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500, uuid.UUID(int=0)),
    ]
    cursor.execute(
        "SELECT array_agg(uuid_generate_v1()::text), array_agg(uuid_generate_v1mc()::text),"
        " array_agg(uuid_generate_v4()::text) FROM generate_series(1, 500)"
    )
    for version, texts in zip((1, 1, 4), cursor.fetchone(), strict=True):
        assert len(set(texts)) == 500
        assert {uuid.UUID(text).version for text in texts} == {version}
        assert {uuid.UUID(text).variant for text in texts} == {uuid.RFC_4122}
    cursor.execute(
        "SELECT uuid_extract_timestamp(uuid_generate_v1())"
        " BETWEEN clock_timestamp() - interval '1 h' AND clock_timestamp() + interval '1 h'"
    )
    assert cursor.fetchone() == (True,)


def test_a_stand_in_is_known_by_its_version(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT array_agg(name ORDER BY name) FROM pg_available_extension_versions"
        " WHERE version = 'stand-in'"
    )
    assert cursor.fetchone() == (["file_fdw", "postgres_fdw", "uuid-ossp"],)


@pytest.mark.parametrize("wrapper", ["postgres_fdw", "file_fdw"])
def test_nothing_is_reached_through_a_stand_in_of_a_foreign_data_wrapper(
    cursor: Cursor, wrapper: str
) -> None:
    cursor.execute(f"CREATE EXTENSION {wrapper}")
    cursor.execute(f"CREATE SERVER of_{wrapper} FOREIGN DATA WRAPPER {wrapper}")
    options = "OPTIONS (filename '/etc/passwd')"
    cursor.execute(f"CREATE FOREIGN TABLE t_{wrapper} (a text) SERVER of_{wrapper} {options}")
    with pytest.raises(psycopg2.Error, match="has no handler"):
        cursor.execute(f"SELECT * FROM t_{wrapper}")


def test_what_is_put_together_is_what_was_locked(architecture: str) -> None:
    """Else renew the lock: a stand-in or the release of the clients has changed."""
    platform = Platform.of_lambda(architecture)
    assert tree_digest(fetch(platform).parent) == locked_servers()[platform].tree
