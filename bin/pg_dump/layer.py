"""The client tools as Lambda mounts them, and the same layout for this machine.

One libpq serves the pg_dump of every major: libpq keeps its interface since PostgreSQL 8, and the
newest one speaks to all servers (tests/bin/test_layer.py runs them).
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bin.pg_dump.fetch import CACHE, fetch_all
from bin.pg_dump.kept import discard, keeping, settle
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
        links = _links(trees)
        if os.path.lexists(root) and _laid_out(root) != links:
            discard(root)
        if not root.exists():
            with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as folder:
                for name, target in links.items():
                    Path(folder, "root", name).parent.mkdir(parents=True, exist_ok=True)
                    Path(folder, "root", name).symlink_to(target)
                settle(Path(folder, "root"), root)
    return root


def _links(trees: Mapping[int, Path]) -> dict[str, str]:
    """Give the links by name; they are true once they lie in the cache, wherever that lies."""
    newest = trees[NEWEST]
    libraries = {
        f"lib/{library.name}": f"../../{newest.name}/lib/{library.name}"
        for library in newest.glob("lib/libpq.*")
    }
    return libraries | {
        f"{major}/bin/{tool}": f"../../../{tree.name}/bin/{tool}"
        for major, tree in trees.items()
        for tool in TOOLS
    }


def _laid_out(root: Path) -> dict[str, str]:
    """Give the links that are there; of what is no link, nothing that any link is like."""
    if root.is_symlink():
        return {}
    return {
        place.relative_to(root).as_posix(): str(place.readlink()) if place.is_symlink() else ""
        for place in root.rglob("*")
        if place.is_symlink() or not place.is_dir()
    }
