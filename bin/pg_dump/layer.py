"""The client tools as Lambda mounts them, and the same layout for this machine.

One libpq serves the pg_dump of every major: libpq keeps its interface since PostgreSQL 8, and the
newest one speaks to all servers (tests/bin/test_layer.py runs them).
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bin.pg_dump.fetch import CACHE, fetch_all
from bin.pg_dump.kept import keeping, settle
from bin.pg_dump.lock import LOCK, MAJORS
from bin.pg_dump.platforms import Platform
from bin.pg_dump.system_libraries import require_libraries

NEWEST = MAJORS[-1]
TOOLS = ("pg_dump", "psql")
PROGRAM = 0o755
TEXT = 0o644


def layer_files(architecture: str) -> list[tuple[str, Path, int]]:
    """Give what the layer of a Lambda architecture holds: name in the archive, file, mode."""
    trees = fetch_all(Platform.of_lambda(architecture))
    return [
        ("postgresql/COPYRIGHT", trees[NEWEST] / "COPYRIGHT", TEXT),
        ("postgresql/lib/libpq.so.5", trees[NEWEST] / "lib" / "libpq.so.5", PROGRAM),
        *((f"postgresql/{n}/bin/pg_dump", trees[n] / "bin" / "pg_dump", PROGRAM) for n in MAJORS),
    ]


def client_root() -> Path:
    """Give a folder for this machine that is laid out as the layer's `postgresql/`, with psql too.

    Raises a SnapperError when the tools cannot be fetched or a system library is missing.
    """
    platform = Platform.here()
    trees = fetch_all(platform)
    # The newest programs need all that the older ones do.
    require_libraries(trees[NEWEST] / "bin" / tool for tool in TOOLS)
    root = CACHE / f"client-{platform}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    with keeping("PostgreSQL's client tools", CACHE):
        if not root.exists():
            with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as folder:
                _link_tools(Path(folder, "root"), trees)
                settle(Path(folder, "root"), root)
    return root


def _link_tools(draft: Path, trees: Mapping[int, Path]) -> None:
    """Lay out links that are true once the draft lies in the cache itself, wherever that lies."""
    (draft / "lib").mkdir(parents=True)
    for library in trees[NEWEST].glob("lib/libpq.*"):
        (draft / "lib" / library.name).symlink_to(
            Path("../..", trees[NEWEST].name, "lib", library.name)
        )
    for major, tree in trees.items():
        (draft / str(major) / "bin").mkdir(parents=True)
        for tool in TOOLS:
            (draft / str(major) / "bin" / tool).symlink_to(Path("../../..", tree.name, "bin", tool))
