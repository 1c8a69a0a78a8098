"""PostgreSQL installed on a machine, as tests have it: a copy of the bundled one that has more."""

import shutil
from pathlib import Path

from bin.pg_dump.fetch import fetch
from bin.pg_dump.platforms import Platform

STAND_IN = "stand_in"
"""An extension that no PostgreSQL has but those made here."""


def install(folder: Path, major: int, extension: str = STAND_IN) -> str:
    """Copy the programs of a major, with the extension; give the place as `installed` takes it."""
    tree = folder / str(major)
    shutil.copytree(fetch(major, Platform.here()), tree, symlinks=True)
    (share,) = (control.parent for control in tree.glob("share/**/plpgsql.control"))
    (share / f"{extension}.control").write_text("default_version = '1'\ntrusted = true\n")
    (share / f"{extension}--1.sql").write_text(
        "CREATE FUNCTION stand_in() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
    )
    return str(folder / "{major}")
