"""The servers that Snapper brings itself: fetched on first need, and checked against a lock.

`bin` is not a part of the deployed functions, to which a layer brings their server.
"""

import re
from pathlib import Path

SERVER = "server"
"""The folder of a layer's server beside the clients of all majors."""

_PROGRAMS = ("postgres", "initdb")
_MAJOR = re.compile(r"# PostgreSQL (\d+)\n")


def of_major(major: int) -> Path:
    """Give the folder with bin/, lib/ and share/ of a major's server; raises SnapperError."""
    from bin.pg_dump.fetch import fetch
    from bin.pg_dump.platforms import Platform

    return _complete(fetch(major, Platform.here()))


def for_trials() -> Path:
    """Give that of the server which is made for trials: it needs little, and has `vector`."""
    from bin.pg_dump.platforms import Platform
    from bin.postgres_server.layer import fetch

    return _complete(fetch(Platform.here()))


def of_layer(clients: Path) -> Path | None:
    """Give that of the server beside these clients, or None."""
    tree = clients / SERVER
    return tree if (tree / "bin/postgres").exists() else None


def major_of(tree: Path) -> int:
    """Tell a server's major by the first line of what its databases are made from."""
    with (tree / "share/postgres.bki").open() as file:
        found = _MAJOR.match(file.readline())
    return int(found[1]) if found else 0


def _complete(tree: Path) -> Path:
    from bin.pg_dump.system_libraries import require_libraries

    require_libraries(tree / "bin" / name for name in _PROGRAMS)
    return tree
