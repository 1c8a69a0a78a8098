"""Restores by several sessions at once, also of tables that are much too small to be worth it."""

from collections.abc import Callable

from snapper.aws.vault import Vault
from snapper.engines.at_once import AtOnce
from snapper.engines.engine import Engine
from snapper.engines.facts import PLAINLY, Restoration, RestoreOptions
from snapper.values.manifest import Manifest
from snapper.verbs.dump_in_parts import DumpInParts, in_parts
from snapper.verbs.restore import Dump


def parts_of(
    vault: Vault,
    manifest: Manifest,
    jobs: int = 4,
    progress: Callable[[int], None] = lambda _: None,
    large: int = 0,
) -> DumpInParts:
    """Give a backup in parts, of which every table with so many bytes of rows is one."""
    parts = in_parts(vault, manifest, jobs, progress, large)
    assert parts is not None, "it cannot be restored at once"
    return parts


def restore_at_once(
    vault: Vault,
    manifest: Manifest,
    target: str,
    engine: Engine,
    options: RestoreOptions = PLAINLY,
    jobs: int = 4,
    progress: Callable[[int], None] = lambda _: None,
) -> Restoration:
    """Restore a backup into a database that is made for it; in order, where it has no rows."""
    whole = Dump(vault, manifest, progress)
    parts = in_parts(vault, manifest, jobs, progress, 0)
    dump = AtOnce(whole, parts, jobs) if parts else whole
    return engine.restore_as_new(dump, manifest, target, options)
