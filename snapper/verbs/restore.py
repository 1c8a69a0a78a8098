"""Restore one backup into a database: checked while it flows, final only when it is whole."""

import hashlib
from collections.abc import Callable, Iterator

from isal import isal_zlib

from snapper.aws.vault import Vault
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.confined import restore_confined
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.draft import draft
from snapper.engines.postgresql.names import MAINTENANCE
from snapper.engines.postgresql.portable import Portable
from snapper.engines.postgresql.psql import FedPsql, feed, psql_command
from snapper.engines.postgresql.server import inspect
from snapper.engines.postgresql.statements import rewritten, without_commit
from snapper.engines.postgresql.target import tablespaces
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor

_BLOCK = 1 << 20
_GZIP = 16 + isal_zlib.MAX_WBITS

Progress = Callable[[int], None]


def restore(
    vault: Vault,
    manifest: Manifest,
    target: str,
    tools: ClientTools,
    progress: Progress = lambda _: None,
) -> tuple[str, ...]:
    """Feed a backup to psql on the `target` connection, in one transaction.

    `progress` is told the compressed bytes read so far. Gives a sentence for each thing that could
    not be restored as it was, such as a tablespace that the target does not have. What is set on
    the target itself is not touched, and it is as it was after any error:
    BackupDamaged if the object is not what the manifest says, RestoreFailed with psql's reason,
    DatabaseUnreachable, AwsFailed.
    """
    connection, redact = Connection.parse(target), Redactor(target)
    portable = Portable(tablespaces(connection, redact))
    with _psql(connection, tools, redact) as psql:
        # Whatever ends us before the last line leaves a transaction that nobody commits. The first
        # one is shared, so that psql counts the lines as the dump does.
        psql.write(b"BEGIN; ")
        for sql in rewritten(checked_sql(vault, manifest, progress), portable, without_commit):
            psql.write(sql)
        psql.write(b"\nCOMMIT;\n")
        psql.finish()
    return _moved(portable)


def restore_as_new(
    vault: Vault,
    manifest: Manifest,
    target: str,
    tools: ClientTools,
    progress: Progress = lambda _: None,
    *,
    confined: bool = False,
) -> tuple[str, ...]:
    """Restore a backup into a database that is made for it; gives and raises as `restore` does.

    The database has its name only when it is whole, and all that was set on the backup's database
    is set on it too. So no transaction is needed, and none of the locks that a transaction holds
    on every table it makes.

    `confined` is for a target that is a superuser's of a throw-away server: see `restore_confined`.
    """
    told: list[str] = []
    connection, redact = Connection.parse(target), Redactor(target)
    portable = Portable(tablespaces(connection.replace(dbname=MAINTENANCE), redact))
    dump = checked_sql(vault, manifest, progress)
    with draft(connection, manifest, redact, told.append) as unfinished:
        if confined:
            restore_confined(dump, unfinished, manifest.encoding, portable, tools, redact)
        else:
            # Giving the name is a commit that waits for the disk, and for all that was before it.
            settings = "-c synchronous_commit=off"
            feed(rewritten(dump, portable), unfinished, tools, redact, settings)
    return (*_moved(portable), *told)


def _moved(portable: Portable) -> tuple[str, ...]:
    return tuple(
        f"the target has no tablespace {tablespace}: what lay there is in its default"
        for tablespace in sorted(portable.replaced)
    )


def _psql(
    connection: Connection, tools: ClientTools, redact: Redactor, settings: str = ""
) -> FedPsql:
    major = tools.major_for(inspect(connection, redact).major)
    command = psql_command(tools, major, connection, settings)
    return FedPsql(command, {**tools.environment(), **connection.environment()}, redact)


def checked_sql(
    vault: Vault, manifest: Manifest, progress: Progress = lambda _: None
) -> Iterator[bytes]:
    """Give a backup's plain SQL piece by piece; the last piece comes only after all was checked.

    Raises BackupDamaged if size or SHA-256 of the object or the size of the SQL disagree with the
    manifest, or if it is no gzip.
    """
    digest, read, written = hashlib.sha256(), 0, 0
    gunzip = isal_zlib.decompressobj(_GZIP)
    with vault.open(manifest.dump_key) as body:
        try:
            while block := body.read(_BLOCK):
                digest.update(block)
                read += len(block)
                progress(read)
                # In pieces: one block of a long row of equal bytes unpacks to a gigabyte.
                while sql := gunzip.decompress(block, _BLOCK):
                    written += len(sql)
                    yield sql
                    block = gunzip.unconsumed_tail
        except isal_zlib.error as error:  # type: ignore[misc]  # the stub lacks the class
            raise BackupDamaged(f"{manifest.dump_key} is no whole gzip: {error}") from None
    if read != manifest.backup_bytes or digest.hexdigest() != manifest.sha256:
        raise BackupDamaged(
            f"{manifest.dump_key} is not what was stored: {read} bytes of SHA-256 "
            f"{digest.hexdigest()}, its manifest says {manifest.backup_bytes} of {manifest.sha256}"
        )
    if not gunzip.eof or written != manifest.dump_bytes:
        raise BackupDamaged(f"{manifest.dump_key} unpacks to {written} bytes, not to its dump")
