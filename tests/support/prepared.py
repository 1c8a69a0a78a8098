"""Fetches and packs what most tests need, as `bin/test` does while nothing is tested yet."""

import functools
import platform
from collections.abc import Mapping
from pathlib import Path

from bin.pg_dump.layer import client_root
from infra import package
from infra.package import BUILD, NONE, Packages, build_packages

_ARM = platform.machine().lower() in {"arm64", "aarch64"}
ARCHITECTURE = "arm64" if _ARM else "x86_64"
"""This machine's, as Lambda calls it."""


def pack_once() -> None:
    """Have a process pack but once what it deploys, however often it does."""

    @functools.cache
    def packed(architecture: str, authorities: frozenset[tuple[str, str]]) -> Packages:
        return build_packages(architecture, authorities=dict(authorities))

    def build(
        architecture: str, folder: Path = BUILD, authorities: Mapping[str, str] = NONE
    ) -> Packages:
        if folder != BUILD:
            return build_packages(architecture, folder, authorities)
        return packed(architecture, frozenset(authorities.items()))

    package.build_packages = build


if __name__ == "__main__":
    client_root()
    for each in ("x86_64", "arm64"):
        build_packages(each)
