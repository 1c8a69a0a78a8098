"""Where Pulumi's real command line is on this machine, if it is there at all."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from snapper.machine.children import ROOT

FOLDER = "SNAPPER_PULUMI"
BUILT = ROOT / ".cache" / "pulumi"
MISSING = (
    "Pulumi's engine is not here: put `pulumi` on the PATH, name its folder in the variable "
    f"{FOLDER}, or build it with tests/support/pulumi/build"
)


class Installation(NamedTuple):
    """The command line, and the script by which its language host starts a Python program."""

    pulumi: Path
    python_exec: Path


def find() -> Installation | None:
    """Give the first installation that is whole: the one named, the one built, one on the PATH."""
    for folder in _folders():
        pulumi, script = folder / "pulumi", folder / "pulumi-language-python-exec"
        if os.access(pulumi, os.X_OK) and script.is_file():
            return Installation(pulumi, script)
    return None


def need() -> Installation:
    """Give the installation; where there is none, skip the test, or the whole module that asks."""
    if not (found := find()):
        pytest.skip(MISSING, allow_module_level=True)
    return found


def _folders() -> Iterator[Path]:
    if named := os.environ.get(FOLDER):
        yield Path(named)
        return
    yield BUILT
    if found := shutil.which("pulumi"):
        # A package manager puts a link on the PATH; what belongs to it lies beside the file.
        yield Path(found).parent
        yield Path(found).resolve().parent
