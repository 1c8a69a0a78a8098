"""The same restore in commands that need no Snapper, for the day on which there is none."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from shlex import quote

from snapper.values.connection import Connection
from snapper.values.manifest import Manifest
from snapper.values.names import MAINTENANCE, database_name, quoted


def stock_commands(
    bucket: str,
    manifest: Manifest,
    target: Connection,
    missing_roles: Iterable[str] = (),
    *,
    creates: bool = False,
) -> tuple[str, ...]:
    """Give the lines for a shell: fetch, check, make what is missing, restore.

    They hold no password: PostgreSQL's programs ask for it, or read PGPASSWORD or ~/.pgpass.
    """
    file = PurePosixPath(manifest.dump_key).name
    server = quote(target.replace(dbname=MAINTENANCE).conninfo({}))
    create = (
        f"createdb --maintenance-db={server} --template=template0"
        f" --encoding={quote(manifest.encoding)} {quote(database_name(target))}"
    )
    return (
        f"aws s3 cp {quote(f's3://{bucket}/{manifest.dump_key}')} {file}",
        f'echo "{manifest.sha256}  {file}" | sha256sum --check',
        *(
            f"psql -X -d {server} -c {quote(f'CREATE ROLE {quoted(role)}')}"
            for role in missing_roles
        ),
        *([create] if creates else []),
        f"gunzip -c {file} | psql -X -q -v ON_ERROR_STOP=1 -d {quote(target.conninfo({}))}",
    )
