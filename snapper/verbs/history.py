"""Whether a backup is what was first stored under its name: told by S3, whose clock nobody sets.

What a manifest says, whoever wrote it could make up. When its object came to be is S3's own word,
and a bucket with versions keeps what was replaced or deleted for some days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from snapper.aws.vault import Vault, Version
from snapper.errors import AwsDenied, BackupDamaged, NoKey
from snapper.values.clock import TOLERANCE
from snapper.values.container import LONGEST
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.values.manifest import Manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.holding import Holding
from snapper.verbs.place import LONGEST_FINISH

_LONGEST = LONGEST_FINISH + TOLERANCE
"""Between a backup's beginning and the storing of its manifest: no function works for longer."""


@dataclass(frozen=True)
class History:
    """What is wrong with how a backup came to be, and what is only worth knowing."""

    fault: str = ""
    remark: str = ""


NOTHING_KNOWN = History()


def look_back(vault: Vault, holding: Holding, manifest: Manifest) -> History:
    """Hold a backup's times against S3's, and look whether something was in its place before.

    A dumper stores a dump and then its manifest, at once and once. Where versions show that it was
    otherwise, that is a fault, and so is a list of contents that is gone or another one. Times
    alone are remarked on: a copy of a bucket has later ones too. Raises AwsFailed, but not where
    only the right to see versions, or the list, is missing.
    """
    try:
        seen = _of(vault.versions(holding.objects[Kind.MANIFEST].key), manifest)
    except AwsDenied:
        seen = History(
            remark="whether its manifest was ever replaced could not be seen: that takes the right"
            " s3:ListBucketVersions"
        )
    listed = _of_list(vault, manifest)
    remarks = filter(None, (seen.remark, listed.remark, _late(holding, manifest)))
    return History("; ".join(filter(None, (seen.fault, listed.fault))), "; ".join(remarks))


def _of_list(vault: Vault, manifest: Manifest) -> History:
    try:
        read_contents(vault, manifest)
    except NoKey:
        return NOTHING_KNOWN  # it is the one that was stored: of what is in it nothing is asked
    except BackupDamaged as other:
        return History(str(other))
    except AwsDenied:
        return History(
            remark="whether its list of contents is its own could not be seen: that takes the right"
            " s3:GetObject of it"
        )
    return NOTHING_KNOWN


def _late(holding: Holding, manifest: Manifest) -> str:
    """Say what was stored later than a dumper would have done."""
    dump, stored = holding.objects[manifest.dump_kind], holding.objects[Kind.MANIFEST]
    at, began = write_time(stored.changed_at), write_time(manifest.started_at)
    told = "copied here, or somebody wrote it: "
    took = manifest.finished_at - manifest.started_at
    # A container works for hours, and its manifest says so: it is stored when they are over.
    since = manifest.finished_at if _LONGEST < took <= LONGEST else manifest.started_at
    if stored.changed_at - since > _LONGEST:
        return f"{told}its manifest, which says that it was begun at {began}, is of {at}"
    if dump.changed_at > stored.changed_at:
        dumped = write_time(dump.changed_at)
        return f"{told}its dump was stored at {dumped}, later than its manifest at {at}"
    return ""


def _of(versions: Sequence[Version], manifest: Manifest) -> History:
    """Judge the versions of a manifest, newest first."""
    if len(versions) < 2:
        return NOTHING_KNOWN
    current, before = versions[:2]
    at, since = write_time(current.changed_at), write_time(before.changed_at)
    if before.is_deletion:
        if manifest.started_at > before.changed_at - TOLERANCE:
            # A job that came again after its backup was pruned: what it made says that it is later.
            return History(remark=f"an earlier backup of this time was deleted at {since}")
        return History(f"its manifest was deleted at {since} and written again at {at}")
    if before.etag == current.etag and current.changed_at - before.changed_at < LONGEST_FINISH:
        # Older releases sent it again where the answer was lost.
        return NOTHING_KNOWN
    return History(f"its manifest was written a second time at {at}; the first is of {since}")
