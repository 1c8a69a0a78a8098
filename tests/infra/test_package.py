"""What is deployed: small enough, of the right processor, byte-identical, and nothing more."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.package import ROOT, SERVICES, Packages, build_packages, function_entries

MEGABYTE = 1024 * 1024
BOTH = pytest.mark.parametrize("architecture", ["arm64", "x86_64"])


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Packages]:
    folder = tmp_path_factory.mktemp("build")
    return {name: build_packages(name, folder) for name in ("arm64", "x86_64")}


def unzipped(package: Path) -> int:
    with zipfile.ZipFile(package) as bundle:
        return sum(member.file_size for member in bundle.infolist())


def names(package: Path) -> set[str]:
    with zipfile.ZipFile(package) as bundle:
        return set(bundle.namelist())


@pytest.mark.long
@BOTH
def test_building_elsewhere_gives_the_same_bytes(
    packages: dict[str, Packages], architecture: str, tmp_path: Path
) -> None:
    for first, second in zip(
        packages[architecture], build_packages(architecture, tmp_path), strict=True
    ):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


@BOTH
def test_a_function_stays_within_the_limits_of_lambda(
    packages: dict[str, Packages], architecture: str
) -> None:
    built = packages[architecture]
    assert sum(map(unzipped, built)) < 250 * MEGABYTE
    # What is sent straight to Lambda, and not by way of S3, may be no larger.
    assert all(package.stat().st_size < 50 * MEGABYTE for package in built)


def test_the_readme_states_the_size(packages: dict[str, Packages]) -> None:
    largest = max(sum(map(unzipped, built)) for built in packages.values()) / MEGABYTE
    told = re.search(r"unpack to (\d+) MB", (ROOT / "docs/limits.md").read_text())
    assert told, f"docs/limits.md must say that code and layers unpack to {largest:.0f} MB"
    assert abs(int(told[1]) - largest) < 3


def test_our_code_is_all_that_a_function_imports_and_no_more(packages: dict[str, Packages]) -> None:
    inside = names(packages["arm64"].functions)
    handlers = ("dispatcher", "dumper", "prover", "pruner")
    assert {"snapper/errors.py", *(f"functions/{name}.py" for name in handlers)} <= inside
    assert not [name for name in inside if name.startswith("snapper/cli/")]
    assert not [name for name in inside if not name.endswith(".py")]


def test_what_tools_leave_beside_the_code_is_not_deployed(tmp_path: Path) -> None:
    for name in ("functions/dumper.py", "snapper/verbs/dump.py", "snapper/cli/app.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("")
        (tmp_path / name).with_suffix(".pyc").write_text("")
    assert [entry.name for entry in function_entries(tmp_path)] == [
        "functions/dumper.py",
        "snapper/verbs/dump.py",
    ]


@BOTH
def test_the_compiled_dependencies_are_of_the_functions_python_and_processor(
    packages: dict[str, Packages], architecture: str
) -> None:
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    modules = [
        name
        for name in names(packages[architecture].dependencies)
        if name.endswith(".so") and ".libs/" not in name
    ]
    assert modules
    assert not [
        name
        for name in modules
        if not re.search(rf"\.(cpython-313-{machine}-linux-gnu|abi3)\.so$", name)
    ]


@BOTH
def test_the_layers_lie_where_lambda_looks(
    packages: dict[str, Packages], architecture: str
) -> None:
    assert all(name.startswith("python/") for name in names(packages[architecture].dependencies))
    tools = names(packages[architecture].postgresql)
    assert {f"postgresql/{major}/bin/pg_dump" for major in range(14, 19)} <= tools
    server = names(packages[architecture].server)
    assert {f"postgresql/server/bin/{name}" for name in ("initdb", "postgres")} <= server
    assert all(name.startswith("postgresql/server/") for name in server)
    programs = ("/pg_dump", "/bin/initdb", "/bin/postgres")
    for layer in (packages[architecture].postgresql, packages[architecture].server):
        with zipfile.ZipFile(layer) as bundle:
            for member in bundle.infolist():
                if member.filename.endswith(programs):
                    assert member.external_attr >> 16 & 0o111 == 0o111


def test_the_services_that_the_functions_call_are_those_that_are_described(
    packages: dict[str, Packages],
) -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, functions.dispatcher, functions.dumper, functions.prover\n"
            "import functions.watcher\n"
            "edges = [name for name in sys.modules if name.startswith('snapper.aws.')]\n"
            "print(*(sys.modules[name].__file__ for name in edges), sep='\\n')",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    called = {
        service
        for module in loaded.stdout.splitlines()
        for service in re.findall(
            r"""\bclient\(\s*["']([a-z0-9-]+)["']""", Path(module).read_text()
        )
    }
    assert called == SERVICES
    described = {
        name.split("/")[3]
        for name in names(packages["arm64"].dependencies)
        if re.match(r"python/botocore/data/[^/]+/", name)
    }
    assert described == SERVICES


def test_a_function_that_seals_nothing_does_not_wait_for_what_seals() -> None:
    """The libraries for it take 20 ms of a cold start, and 15 MB."""
    functions = ("dispatcher", "dumper", "prover", "pruner", "watcher", "doctor", "restore")
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, {', '.join(f'functions.{each}' for each in functions)}\n"
            "print(*sys.modules)",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"pyrage", "cryptography"} & {*loaded.stdout.split()} == set()
