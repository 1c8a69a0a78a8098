"""Unpacking what was packed for Lambda as Lambda does: modes and symbolic links kept."""

import stat
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO


def unpack(archive: Path, directory: Path, wanted: Callable[[str], bool] = bool) -> None:
    """Unpack the wanted files (all, if not said otherwise) into the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            if not wanted(entry.filename):
                continue
            mode = entry.external_attr >> 16
            if stat.S_ISLNK(mode):
                link = directory / entry.filename
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(packed.read(entry).decode())
                continue
            path = Path(packed.extract(entry, directory))
            if mode and not entry.is_dir():
                path.chmod(stat.S_IMODE(mode))


def suits_this_python(archive: Path | IO[bytes]) -> bool:
    """Tell whether the running interpreter can load every extension module in the archive.

    A layer is built for Lambda's interpreter and processor, which are not always ours.
    """
    with zipfile.ZipFile(archive) as packed:
        modules = [name for name in packed.namelist() if ".cpython-" in Path(name).name]
    return all(name.endswith(str(sysconfig.get_config_var("EXT_SUFFIX"))) for name in modules)
