"""Fetches and packs what most tests need, as `bin/test` does while nothing is tested yet."""

import platform

from bin.pg_dump.layer import client_root
from infra.package import build_packages

_ARM = platform.machine().lower() in {"arm64", "aarch64"}
ARCHITECTURE = "arm64" if _ARM else "x86_64"
"""This machine's, as Lambda calls it."""

if __name__ == "__main__":
    client_root()
    build_packages(ARCHITECTURE)
