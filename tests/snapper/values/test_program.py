"""A hint's command can be typed as it is printed."""

import os
import subprocess
import sys

import pytest

from snapper.machine.children import ROOT


@pytest.mark.parametrize(
    ("started", "named"),
    [
        ("", "bin/snapper"),
        ("./bin/snapper", "./bin/snapper"),
        ("/home/me/my tools/snapper", "'/home/me/my tools/snapper'"),
    ],
)
def test_a_hint_names_the_program_as_it_was_started(started: str, named: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "snapper.cli", "frobnicate"],
        env={**os.environ, "SNAPPER_PROGRAM": started},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr.splitlines()[1] == f"hint: {named} --help shows all commands"
