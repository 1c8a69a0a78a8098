"""`snapper download --table`: some tables of a backup as SQL, or the rows of one as CSV."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from snapper.cli import render
from snapper.cli.lines import warn
from snapper.cli.transfer import transfer
from snapper.engines.engine import engine_of
from snapper.engines.facts import SomeTables, Wanted
from snapper.errors import SettingsError
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import to_public
from snapper.verbs.private_file import new_private
from snapper.verbs.tables import Source, choose, opened
from snapper.verbs.unsealed import Backups

STDOUT = "-"


def download_some(
    stage: str, backups: Backups, manifest: Manifest, wanted: Wanted, place: Path, *, csv: bool
) -> dict[str, Any] | None:
    """Write tables to stdout, a file, or a file of their own name in a folder.

    Gives what is to be said of it as JSON values; None if it went to stdout. Raises as the verbs
    do, and SettingsError for a file that is there already: then there is none.
    """
    said: list[str] = []

    def tell(sentence: str) -> None:
        said.append(sentence)
        warn(sentence)

    tables_of = engine_of(manifest.engine).tables
    reading = partial(transfer, manifest.dump_key, manifest.gzip_bytes)
    with opened(backups, manifest, tell, reading) as source:
        tables = choose(tables_of, source, wanted)
        if csv and len(tables.names) > 1:
            raise SettingsError("CSV holds one table", hint="name one --table, or leave --csv out")
        for sentence in () if csv else tables.notes:
            tell(sentence)
        write = tables_of.as_csv if csv else tables_of.as_sql
        if str(place) == STDOUT:
            _write(sys.stdout.buffer, source, tables, write, manifest)
            sys.stdout.buffer.flush()
            return None
        target = place / _name(manifest, tables, csv=csv) if place.is_dir() else place
        with _file(target) as file:
            _write(file, source, tables, write, manifest)
    return {
        "stage": stage,
        "file": str(target),
        "tables": list(tables.names),
        "format": "csv" if csv else "sql",
        "bytes": target.stat().st_size,
        "warnings": said,
        "manifest": to_public(manifest),
    }


def _write(
    file: BinaryIO,
    source: Source,
    tables: SomeTables,
    write: Callable[..., Iterator[bytes]],
    manifest: Manifest,
) -> None:
    what = f"{', '.join(tables.names)} of {manifest.dump_key}"
    with (
        transfer(what, source.size(tables)) as progress,
        source.rows(tables, progress) as rows,
    ):
        for piece in write(rows, tables):
            file.write(piece)


@contextmanager
def _file(target: Path) -> Iterator[BinaryIO]:
    try:
        with new_private(target) as file:
            yield file
    except OSError as error:
        raise SettingsError(
            f"{target} cannot be written: {error.strerror}", hint="name one in a folder of yours"
        ) from None


def _name(manifest: Manifest, tables: SomeTables, *, csv: bool) -> str:
    """Give a name for the file, of letters that every file system has."""
    plain = "".join(each if each.isalnum() or each in "._-" else "_" for each in tables.names[0])
    backup = manifest.dump_key.replace("/", "-").removesuffix(".age").removesuffix(".sql.gz")
    return f"{backup}-{plain[:60]}.{'csv' if csv else 'sql'}"


def tell_file(document: dict[str, Any]) -> None:
    """Say for people what was written."""
    names = ", ".join(document["tables"])
    render.say(f"{document['file']}: {names}, {render.size(document['bytes'])}")
