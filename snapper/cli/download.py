"""`snapper download`: a backup as a file."""

import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from snapper.cli import render
from snapper.cli.backup_options import (
    LATEST,
    AtOption,
    KeyArgument,
    chosen_backup,
    is_name,
    read_at,
)
from snapper.cli.download_tables import STDOUT, download_some, tell_file
from snapper.cli.identities import IdentityOption, Keys
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.source import FromOption, open_stage
from snapper.cli.table_options import CsvOption, SchemaOption, TableOption, wanted_tables
from snapper.cli.transfer import transfer
from snapper.errors import SettingsError
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import to_public
from snapper.verbs.choice import find
from snapper.verbs.download import download, stream
from snapper.verbs.runs import Ranges


def download_backup(
    context: typer.Context,
    key: KeyArgument,
    at: AtOption = LATEST,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A file or a folder; - is stdout. Default: KEY-TIME.sql.gz here, or .sql.gz.age.",
        ),
    ] = "",
    table: TableOption = None,
    schema: SchemaOption = None,
    csv: CsvOption = False,
    decrypt: Annotated[
        bool, typer.Option("--decrypt", help="Write a sealed backup as the gzip inside of it.")
    ] = False,
    identity: IdentityOption = None,
    source: FromOption = "",
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Copy a backup out of the vault, checked against its manifest.

    A backup that is known to be damaged is passed over, or only warned of if --at names it exactly.
    An interrupted download continues where it stopped. The file is a gzip of plain SQL:

    \b
    gunzip -c FILE | psql -X -1 -v ON_ERROR_STOP=1 DATABASE

    A sealed backup is copied as it is stored, for `age -d -i KEY FILE`, or opened with --decrypt.

    With --table or --schema it is plain SQL of these tables and of what they need, or with --csv
    the rows of one table; of the backup only their parts are read.
    """  # noqa: D301  a backspace keeps the line whole
    if output == "-" and json:
        raise SettingsError("--json and --output - both write to stdout", hint="choose one")
    if output == "-" and sys.stdout.isatty():
        raise SettingsError("a backup is not text for a terminal", hint="pipe it, or name a file")
    outcome: Outcome = context.obj
    wanted = wanted_tables(table, schema)
    if csv and not wanted:
        raise SettingsError("--csv is for the rows of one table", hint="add --table NAME")
    if identity and not (decrypt or wanted):
        raise SettingsError(
            "--identity is for --decrypt and --table: else a sealed backup stays sealed",
            hint="add --decrypt, or leave --identity out",
        )
    keys = Keys(identity)
    limit, place = read_at(at, key), _place(output)
    opened = open_stage(stage, profile, region, source)
    with chosen_backup(opened, key, "downloads"):
        manifest = find(opened.vault, key, limit, warn, exactly=is_name(at), even_damaged=True)
        if wanted:
            document = download_some(
                stage, keys.open(opened.vault, manifest), manifest, wanted, place, csv=csv
            )
            if document and json:
                render.document(document)
                outcome.answered = True
            elif document:
                tell_file(document)
            return
        backups = keys.open(opened.vault, manifest) if decrypt else opened.vault
        target = _copy(backups, manifest, place, opened=decrypt)
    if target is None:
        return
    if json:
        render.document({"stage": stage, "file": str(target), "manifest": to_public(manifest)})
        outcome.answered = True
    else:
        digest = manifest.gzip_sha256 if decrypt else manifest.sha256
        render.say(f"{target}: {render.size(target.stat().st_size)}, SHA-256 {digest}")


def _copy(backups: Ranges, manifest: Manifest, place: Path, *, opened: bool) -> Path | None:
    """Copy a backup to stdout, a file, or one of its own name in a folder, which is given."""
    size = manifest.gzip_bytes if opened else manifest.backup_bytes
    if str(place) == STDOUT:
        with transfer(manifest.dump_key, size) as progress:
            stream(backups, manifest, sys.stdout.buffer, progress, opened=opened)
            sys.stdout.buffer.flush()
        return None
    name = manifest.dump_key.replace("/", "-")
    target = place / (name.removesuffix(".age") if opened else name) if place.is_dir() else place
    with transfer(f"{manifest.dump_key} to {target}", size) as progress:
        download(backups, manifest, target, progress, opened=opened)
    return target


def _place(output: str) -> Path:
    """Give the file or folder that was named; raises SettingsError if its folder is not there."""
    place = Path(output)
    folder = place if output.endswith("/") else place.parent
    try:
        if not folder.is_dir():
            raise SettingsError(
                f"there is no folder {folder}", hint=f"make it: mkdir -p {quote(str(folder))}"
            )
        place.is_dir()  # raises for a name that no file can have
    except OSError as error:
        raise SettingsError(f"{output} cannot be used: {error.strerror}") from None
    return place
