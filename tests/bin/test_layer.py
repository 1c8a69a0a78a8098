"""The layer runs on Lambda as far as its ELF headers tell, and its tools work with every server."""

import os
import subprocess
from pathlib import Path

import pytest

from bin.pg_dump.layer import client_root, layer_files
from bin.pg_dump.lock import MAJORS
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory
from tests.support.databases import EVERY_MAJOR
from tests.support.elf import MACHINES, machines, missing, needed, too_new


@pytest.fixture(params=MACHINES)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_layer_holds_one_libpq_and_a_pg_dump_for_every_major(architecture: str) -> None:
    files = layer_files(architecture)
    assert {name: mode for name, _, mode in files} == {
        "postgresql/COPYRIGHT": 0o644,
        "postgresql/lib/libpq.so.5": 0o755,
        **{f"postgresql/{major}/bin/pg_dump": 0o755 for major in MAJORS},
    }
    assert all(path.is_file() for _, path, _ in files)


def test_every_program_is_built_for_the_architecture(architecture: str) -> None:
    assert machines(layer_files(architecture)) == {MACHINES[architecture]}


def test_no_program_needs_newer_symbols_than_amazon_linux_2023_has(architecture: str) -> None:
    assert not too_new(layer_files(architecture))


def test_every_needed_library_is_in_the_layer_or_provided_by_lambda(architecture: str) -> None:
    files = layer_files(architecture)
    libraries = {library for _, library in needed(files)}
    assert libraries >= {"libpq.so.5", "libssl.so.3", "libc.so.6"}
    assert not missing(files)


def test_the_clients_of_this_machine_lie_as_in_the_layer() -> None:
    root = client_root()
    layer = {name for name, _, _ in layer_files("x86_64") if not name.endswith("COPYRIGHT")}
    assert all(
        (root.parent / root.name / Path(name).relative_to("postgresql")).exists() for name in layer
    )
    assert client_root() == root


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_one_libpq_serves_the_tools_of_every_major(major: int) -> None:
    root = client_root()
    environment = {"LD_LIBRARY_PATH": str(root / "lib"), "PATH": os.defpath, "LC_ALL": "C"}

    def run(tool: str, *arguments: str) -> str:
        command = [str(root / str(major) / "bin" / tool), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    trace = environment | {"LD_TRACE_LOADED_OBJECTS": "1"}
    loaded = subprocess.run(
        [root / str(major) / "bin" / "pg_dump"],
        env=trace,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"libpq.so.5 => {root}/lib/libpq.so.5" in loaded.stdout

    with run_directory() as directory, PostgresServer(major, directory / "server") as server:
        run("psql", server.dsn(), "-X", "-c", "CREATE TABLE things AS SELECT 'Ünï' AS name")
        dump = run("pg_dump", f"--dbname={server.dsn()}")
        assert "Ünï" in dump
        assert "PostgreSQL database dump complete" in dump
        assert f"-- Dumped by pg_dump version {major}." in dump
