"""The house keeps its shape: who may import whom, and how large and how told a room may be."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = (
    *("__main__.py", "benchmarks", "bin", "functions", "infra", "local", "replica", "snapper"),
    "tests",
)
VALUES = ("snapper.errors", "snapper.streams", "snapper.sealing", "snapper.values")
EDGES = (*VALUES, "snapper.aws", "snapper.engines", "snapper.machine")
CORE = (*EDGES, "snapper.verbs")

ARROWS = {  # room: what it may import of ours besides itself; the most exact name counts
    "__main__": ("infra",),
    "infra": (
        *(*VALUES, "snapper.engines.checks", "snapper.engines.engine"),
        *("bin.pg_dump", "bin.postgres_server", "bin.authorities"),
    ),
    "replica": ("infra", *VALUES),
    "bin": VALUES,
    "snapper.errors": (),
    "snapper.streams": (),
    "snapper.sealing": ("snapper.errors", "snapper.streams"),
    "snapper.values": ("snapper.errors", "snapper.sealing"),
    "snapper.machine": ("snapper.errors",),
    "snapper.aws": VALUES,
    "snapper.engines": (*VALUES, "snapper.machine"),
    "snapper.engines.postgresql": (
        *(*VALUES, "snapper.machine", "snapper.engines"),
        *("bin.authorities", "bin.pg_dump", "bin.postgres_server"),
    ),
    "snapper.verbs": EDGES,
    "snapper.cli": CORE,
    "snapper.cli.demo": (*CORE, "snapper.cli", "local"),
    "snapper.cli.demo_tables": (*CORE, "snapper.cli", "local"),
    "functions": CORE,
    "local": (),
    "local.loopback": (),
    "local.emulator": (*CORE, "local.loopback"),
    "local.runtime": (*CORE, "local.loopback", "local.emulator"),
    "local.deployment": (*CORE, "local.loopback", "local.emulator", "local.runtime"),
    "local.demo": (*CORE, "local"),
}
POSTGRESQL = (  # rooms of the engine: each may import those before it
    *("conninfo", "naming", "connecting", "newer_majors", "omitting", "inspecting", "dumping"),
    *("reading", "selecting", "target", "loading", "restoring", "trying", "examining"),
)
OUTSIDE = {  # what only some rooms may import of others' work
    # The start of a container stands alone: what it fetches is the very code that knows S3.
    "boto3": ("snapper.aws", "local", "functions.start"),
    "botocore": ("snapper.aws", "local"),
    "s3transfer": ("snapper.aws",),
    "psycopg2": ("snapper.engines.postgresql", "local.demo"),
    "pulumi": ("__main__", "infra", "local", "replica"),
    "pulumi_aws": ("infra",),
    "aws_lambda_powertools": ("functions",),
    "cryptography": ("snapper.sealing", "local"),
    "pyrage": ("snapper.sealing",),
    "ministack": ("local",),
}


def files(*rooms: str) -> list[Path]:
    places = [ROOT / room for room in rooms]
    return sorted(
        path for place in places for path in (place.rglob("*.py") if place.is_dir() else [place])
    )


def name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def inside(module: str, *rooms: str) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


def imports(path: Path) -> Iterator[str]:
    """The full names of what a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports by relative name"
            # `from infra import queue` may mean the module infra.queue.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def house() -> Iterator[tuple[str, str]]:
    """Every import of every module that is not a test."""
    for path in files(*ROOMS[:-1]):
        for imported in imports(path):
            yield name(path), imported


def test_the_types_of_every_service_of_aws_that_we_use_are_looked_at() -> None:
    used = {
        f"pulumi_aws.{node.attr}.*"
        for path in files("infra")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "aws"
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    (looked_at,) = [each for each in settings if each.get("follow_imports") == "normal"]
    assert {"pulumi_aws", *used} == set(looked_at["module"]), "name it in pyproject.toml"


def test_imports_follow_the_arrows() -> None:
    ours = {room.removesuffix(".py") for room in ROOMS}
    wrong = []
    for module, imported in house():
        if imported.split(".")[0] not in ours or imported in ("snapper", "snapper.__version__"):
            continue
        if inside(module, "benchmarks"):
            continue
        room = max((room for room in ARROWS if inside(module, room)), key=len, default="")
        if not room or not inside(imported, room, *ARROWS.get(room, ())):
            wrong.append(f"{module} imports {imported}")
    assert not wrong


def test_the_rooms_of_an_engine_stand_upon_each_other() -> None:
    engine = "snapper.engines.postgresql"
    wrong = []
    for module, imported in house():
        room = module.removeprefix(f"{engine}.").split(".")[0]
        if inside(module, engine) and inside(imported, engine) and room in POSTGRESQL:
            below = POSTGRESQL[: POSTGRESQL.index(room) + 1]
            if not inside(imported, *(f"{engine}.{each}" for each in below)):
                wrong.append(f"{module} imports {imported}")
    assert not wrong
    built = {path.parent.name for path in (ROOT / "snapper/engines/postgresql").glob("*/*.py")}
    assert built == set(POSTGRESQL)


def test_no_module_needs_one_that_needs_it() -> None:
    ours = {name(path) for path in files(*ROOMS[:-1])}
    needs: dict[str, set[str]] = {module: set() for module in ours}
    for module, imported in house():
        # The name of a module, or of something in one.
        needs[module] |= {imported, imported.rpartition(".")[0]} & (ours - {module})
    while ready := {module for module, others in needs.items() if not others & needs.keys()}:
        needs = {module: others for module, others in needs.items() if module not in ready}
    assert not needs


def test_an_engine_is_known_by_its_protocol_alone() -> None:
    rooms = [name(path) for path in (ROOT / "snapper/engines").glob("*/__init__.py")]
    assert rooms
    assert not [
        f"{module} imports {imported}"
        for module, imported in house()
        for room in rooms
        if inside(imported, room) and not inside(module, room, "local.demo", "benchmarks")
    ]


def test_an_engines_modules_are_named_in_no_text_but_the_list_of_engines() -> None:
    """As somebody would who imports what may not be imported."""
    assert not [
        f"{name(path)} names {node.value!r}"
        for path in files(*ROOMS[:-1])
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and re.fullmatch(r"snapper\.engines\.\w+\.[\w.]+", str(node.value))
        and name(path) != "snapper.engines.engine"
    ]


def test_libraries_are_imported_only_where_they_belong() -> None:
    assert not [
        f"{module} imports {imported}"
        for module, imported in house()
        for library, rooms in OUTSIDE.items()
        if inside(imported, library) and not inside(module, *rooms)
    ]


def test_only_the_settings_read_the_configuration_of_pulumi() -> None:
    readers = {
        name(path)
        for path in files(*ROOMS[:-1])
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "pulumi.Config")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "pulumi"
            and "Config" in ast.unparse(node)
        )
    }
    assert readers <= {"infra.settings", "replica.settings"}


@pytest.mark.parametrize("path", files(*ROOMS), ids=name)
def test_a_module_says_what_it_is_for_and_is_short(path: Path) -> None:
    text = path.read_text()
    if text:
        assert ast.get_docstring(ast.parse(text)), "the module has no docstring"
    assert text.count("\n") <= (300 if inside(name(path), "tests") else 250)


def test_half_of_all_modules_have_less_than_100_lines() -> None:
    assert median(path.read_text().count("\n") for path in files(*ROOMS[:-1])) < 100


def test_every_test_is_collected() -> None:
    stray = [
        name(path)
        for path in files("tests")
        if not path.name.startswith("test_")
        and path.name not in ("conftest.py", "__init__.py")
        and "support" not in path.relative_to(ROOT / "tests").parts[:-1]
    ]
    assert not stray
