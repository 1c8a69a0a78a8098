"""Restore one backup into a database: checked before it can harm, final only when it is whole."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from snapper.engines.at_once import AtOnce
from snapper.engines.engine import Engine
from snapper.engines.facts import PLAINLY, Restoration, RestoreOptions
from snapper.values.manifest import Manifest
from snapper.verbs.checked_copy import checked_copy
from snapper.verbs.dump_in_parts import DumpInParts, in_parts, jobs_for
from snapper.verbs.unpacked import Progress, unpacked_ahead
from snapper.verbs.unsealed import Backups, gzip_of


def restore(
    vault: Backups,
    manifest: Manifest,
    target: str,
    engine: Engine,
    progress: Progress = lambda _: None,
    checking: Progress = lambda _: None,
    options: RestoreOptions = PLAINLY,
) -> Restoration:
    """Fill a database that is there with a backup, which is read and checked whole before.

    `checking` is called with the compressed bytes that were checked so far, `progress` with those
    that were restored. Raises BackupDamaged if the object is not what the manifest says, AwsFailed:
    then nothing was sent. Raises RestoreFailed, DatabaseUnreachable: nothing was committed, or a
    note says that it is not known.
    """
    with checked_copy(vault, manifest, checking, progress) as dump:
        return engine.restore(dump, manifest, target, options)


def restore_as_new(
    vault: Backups,
    manifest: Manifest,
    target: str,
    engine: Engine,
    progress: Progress = lambda _: None,
    options: RestoreOptions = PLAINLY,
) -> Restoration:
    """Restore a backup into a database that is made for it; gives and raises as `restore` does.

    The database has its name only when it is whole, so the backup is checked while it flows. Where
    several jobs restore it, `progress` is called by several threads, one after the other.
    """
    dump, parts = Dump(vault, manifest, progress), _parts(vault, manifest, options, progress)
    jobs = jobs_for(options.jobs, manifest)
    if parts is None:
        return engine.restore_as_new(dump, manifest, target, options)
    came = engine.restore_as_new(AtOnce(dump, parts, jobs), manifest, target, options)
    return replace(came, jobs=jobs)


def jobs_of_new(vault: Backups, manifest: Manifest, options: RestoreOptions) -> int:
    """Give by how many connections `restore_as_new` would restore it; raises AwsFailed."""
    worth = _parts(vault, manifest, options)
    return 1 if worth is None else jobs_for(options.jobs, manifest)


def _parts(
    vault: Backups, manifest: Manifest, options: RestoreOptions, progress: Progress = lambda _: None
) -> DumpInParts | None:
    return in_parts(vault, manifest, jobs_for(options.jobs, manifest), progress)


@dataclass(frozen=True)
class Dump:
    """A backup's plain dump, which can be read as often as there is a need to; see `read_back`."""

    vault: Backups
    manifest: Manifest
    progress: Progress = lambda _: None

    def __iter__(self) -> Iterator[bytes]:
        """Read it from its beginning."""
        return read_back(self.vault, self.manifest, self.progress)


def read_back(
    vault: Backups, manifest: Manifest, progress: Progress = lambda _: None
) -> Iterator[bytes]:
    """Give a backup's plain dump from the vault; see `unpacked_ahead`."""
    with gzip_of(vault, manifest) as body:
        # Whoever works with it, mostly a server, does not wait for what is read and unpacked next.
        yield from unpacked_ahead(body, manifest, progress)
