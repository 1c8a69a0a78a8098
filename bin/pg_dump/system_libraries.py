"""The system's libraries that PostgreSQL's programs need, and the packages that bring them."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from snapper.errors import SnapperError

PACKAGES = {  # library: package of Debian and Ubuntu, package of Fedora and Amazon Linux
    "libcom_err.so.2": ("libcom-err2", "libcom_err"),
    "libcrypto.so.3": ("libssl3", "openssl-libs"),
    "libgssapi_krb5.so.2": ("libgssapi-krb5-2", "krb5-libs"),
    "libk5crypto.so.3": ("libk5crypto3", "krb5-libs"),
    "libkrb5.so.3": ("libkrb5-3", "krb5-libs"),
    "libkrb5support.so.0": ("libkrb5support0", "krb5-libs"),
    "liblz4.so.1": ("liblz4-1", "lz4-libs"),
    "liblzma.so.5": ("liblzma5", "xz-libs"),
    "libreadline.so.8": ("libreadline8", "readline"),
    "libssl.so.3": ("libssl3", "openssl-libs"),
    "libtinfo.so.6": ("libtinfo6", "ncurses-libs"),
    "libxml2.so.2": ("libxml2", "libxml2"),
    "libz.so.1": ("zlib1g", "zlib"),
    "libzstd.so.1": ("libzstd1", "libzstd"),
}


def require_libraries(programs: Iterable[Path]) -> None:
    """Raise a SnapperError that names all libraries the programs miss, and how to get them."""
    missing = sorted({library for program in programs for library in _missing(program)})
    if missing:
        packages = [PACKAGES.get(library, (library, library)) for library in missing]
        debian, fedora = (" ".join(sorted(set(names))) for names in zip(*packages, strict=True))
        raise SnapperError(
            f"PostgreSQL's programs miss system libraries: {', '.join(missing)}",
            hint=f"Debian, Ubuntu: apt-get install {debian}; Fedora: dnf install {fedora}",
        )


def _missing(program: Path) -> list[str]:
    """Ask the loader: with this variable set it lists what it would load, and runs nothing."""
    if sys.platform != "linux":
        return []
    trace = subprocess.run(
        [program],
        env={"LD_TRACE_LOADED_OBJECTS": "1", "LD_LIBRARY_PATH": str(program.parents[1] / "lib")},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return [line.split()[0] for line in trace.stdout.splitlines() if line.endswith("=> not found")]
