"""The certificate authorities that are deployed beside the code: public data, each in a file.

A stage or database names a PEM file of the operator's; what travels with the database's options is
the name by which it is deployed. Amazon's own are there where a database is verified by them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bin.authorities import amazon
from snapper.engines.engine import engine_of
from snapper.values.authorities import (
    AMAZON,
    LARGEST,
    NotAuthorities,
    file_name,
    read_authorities,
)
from snapper.values.options import SETTING
from snapper.values.secrets import Database, Target

NAME = "caBundle"


@dataclass(frozen=True)
class Deployed:
    """The databases as they travel, the files by name, and the name of that of the targets."""

    databases: tuple[Database, ...]
    files: Mapping[str, str]
    of_targets: str = ""


def bundle_faults(databases: Sequence[Database], ca_bundle: str) -> Iterator[str]:
    """Tell of every file that cannot be deployed; nothing of what is in it."""
    named = {f"{SETTING}.{each.key}: {NAME}": each.options.ca_bundle for each in databases}
    for where, path in {NAME: ca_bundle, **named}.items():
        if path:
            try:
                _read(path)
            except NotAuthorities as fault:
                yield f"{where} is {path}, which {fault}"


def deployed(
    databases: Sequence[Database], ca_bundle: str, targets: Sequence[Target] = ()
) -> Deployed:
    """Read every file, `ca_bundle` for the databases that have none of their own, nor are Amazon's.

    Targets of restores have none of their own. Raises SnapperError where Amazon's are needed and
    cannot be fetched.
    """
    files: dict[str, str] = {}
    chosen = tuple(_travelling(each, ca_bundle, files) for each in databases)
    made = (_travelling(each.database, ca_bundle, files) for each in targets)
    return Deployed(chosen, files, max((each.options.ca_bundle for each in made), default=""))


def _travelling(database: Database, ca_bundle: str, files: dict[str, str]) -> Database:
    """Give a database with the name of its file, which joins the others."""
    path = database.options.ca_bundle or ca_bundle
    if engine_of(database.kind).trusts_amazon(database):
        files[AMAZON] = amazon().read_text()
        path = ""
    if path:
        pem = _read(path)
        files[file_name(pem)] = pem
        path = file_name(pem)
    return replace(database, options=replace(database.options, ca_bundle=path))


def _read(path: str) -> str:
    try:
        with Path(path).expanduser().open(encoding="ascii", errors="replace") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise NotAuthorities(f"cannot be read: {error.strerror}") from None
    if len(text) > LARGEST:
        raise NotAuthorities(f"is larger than {LARGEST} bytes")
    return read_authorities(text)
