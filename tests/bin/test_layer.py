"""The layer runs on Lambda as far as its ELF headers tell, and its tools work with every server."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from bin.pg_dump.lambda_libraries import NEWEST_SYMBOLS, PROVIDED
from bin.pg_dump.layer import client_root, layer_files
from bin.pg_dump.lock import MAJORS
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory
from tests.support.databases import EVERY_MAJOR

MACHINES = {"arm64": "EM_AARCH64", "x86_64": "EM_X86_64"}


@pytest.fixture(params=MACHINES)
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def programs(architecture: str) -> Iterator[tuple[str, ELFFile]]:
    for name, path, _ in layer_files(architecture):
        if not name.endswith("COPYRIGHT"):
            with path.open("rb") as file:
                yield name, ELFFile(file)


def test_the_layer_holds_one_libpq_and_a_pg_dump_for_every_major(architecture: str) -> None:
    files = layer_files(architecture)
    assert {name: mode for name, _, mode in files} == {
        "postgresql/COPYRIGHT": 0o644,
        "postgresql/lib/libpq.so.5": 0o755,
        **{f"postgresql/{major}/bin/pg_dump": 0o755 for major in MAJORS},
    }
    assert all(path.is_file() for _, path, _ in files)


def test_every_program_is_built_for_the_architecture(architecture: str) -> None:
    machines = {name: elf["e_machine"] for name, elf in programs(architecture)}
    assert set(machines.values()) == {MACHINES[architecture]}


def test_no_program_needs_newer_symbols_than_amazon_linux_2023_has(architecture: str) -> None:
    too_new = []
    for name, elf in programs(architecture):
        for section in elf.iter_sections():
            if not isinstance(section, GNUVerNeedSection):
                continue
            for _, versions in section.iter_versions():
                for version in versions:
                    kind, _, number = version.name.partition("_")
                    newest = NEWEST_SYMBOLS.get(kind)
                    if newest and tuple(map(int, number.split("."))) > newest:
                        too_new.append((name, version.name))
    assert not too_new


def test_every_needed_library_is_in_the_layer_or_provided_by_lambda(architecture: str) -> None:
    in_layer = {Path(name).name for name, _, _ in layer_files(architecture)}
    needed = {
        (name, str(vars(tag)["needed"]))
        for name, elf in programs(architecture)
        for section in elf.iter_sections()
        if isinstance(section, DynamicSection)
        for tag in section.iter_tags("DT_NEEDED")
    }
    assert {library for _, library in needed} >= {"libpq.so.5", "libssl.so.3", "libc.so.6"}
    assert {pair for pair in needed if pair[1] not in in_layer | PROVIDED.keys()} == set()


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
