"""The zips that are deployed: our code, what it depends on, PostgreSQL's clients and server."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from bin.pg_dump.layer import layer_files as client_files
from bin.postgres_server.layer import layer_files as server_files
from infra.archive import Entry, archive
from infra.wheels import locked_wheels, wheel_entries
from snapper.values.authorities import FOLDER

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".build"
WHEELS = ROOT / ".cache" / "wheels"
LOCK = ROOT / "functions" / "requirements.lock"

DESCRIPTIONS = "python/botocore/data/"
SERVICES = frozenset({"batch", "kms", "logs", "s3", "secretsmanager", "sns", "sqs", "ssm"})
"""What the core's edges call. botocore describes all of AWS: 20 MB, of which these are 1."""
NONE: Mapping[str, str] = MappingProxyType({})


class Packages(NamedTuple):
    """Where the zips lie; each has the digest of its contents in its name."""

    functions: Path
    dependencies: Path
    postgresql: Path
    server: Path


def build_packages(
    architecture: str, folder: Path = BUILD, authorities: Mapping[str, str] = NONE
) -> Packages:
    """Build what is not there yet; `authorities` are files by name that lie beside the code.

    Raises SnapperError when something has to be fetched and cannot be.
    """
    return Packages(
        archive(folder, "functions", [*function_entries(), *_beside(authorities)]),
        archive(folder, f"dependencies-{architecture}", dependency_entries(architecture)),
        archive(folder, f"postgresql-{architecture}", placed(client_files(architecture))),
        archive(folder, f"postgresql-server-{architecture}", placed(server_files(architecture))),
    )


def function_entries(root: Path = ROOT) -> Iterator[Entry]:
    """Yield our own code: the handlers, and the core without its command line."""
    for file in [*root.glob("functions/*.py"), *root.glob("snapper/**/*.py")]:
        name = file.relative_to(root)
        if name.parts[1] != "cli":
            yield Entry(name.as_posix(), file.read_bytes(), 0o644)


def _beside(authorities: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the files of certificate authorities, where the engines look for them."""
    for name, pem in authorities.items():
        yield Entry(f"{FOLDER}/{name}", pem.encode(), 0o644)


def dependency_entries(architecture: str) -> Iterator[Entry]:
    """Yield the locked wheels, laid out as Lambda finds them under /opt/python."""
    for wheel in locked_wheels(LOCK, architecture, WHEELS):
        yield from (entry for entry in wheel_entries(wheel) if _is_needed(entry.name))


def _is_needed(name: str) -> bool:
    """Tell whether a function can miss this member: the descriptions of all other services."""
    described = name.removeprefix(DESCRIPTIONS)
    return described == name or "/" not in described or described.split("/")[0] in SERVICES


def placed(files: Iterable[tuple[str, Path, int]]) -> Iterator[Entry]:
    """Yield programs and what belongs to them, laid out as Lambda finds them under /opt."""
    for name, file, mode in files:
        yield Entry(name, file.read_bytes(), mode)
