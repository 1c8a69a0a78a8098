"""The list of what is in a backup: made with it, and read back."""

import hashlib

from snapper.aws.vault import Vault
from snapper.engines.stream import GzipStream
from snapper.errors import AlreadyStored, BackupDamaged, ObjectGone
from snapper.sealing.seal import seal
from snapper.values.contents import LONGEST, Contents
from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM
from snapper.verbs.catalog import holding_at
from snapper.verbs.events import Events
from snapper.verbs.holding import Holding
from snapper.verbs.stored import SEALED_TYPE, Recipients
from snapper.verbs.unsealed import Backups, list_of

_HINT = "the backup is whole, and restores as ever: only what needs the list does without"
_WHOLE = f"the backup may be whole all the same: {PROGRAM} verify reads it"


def keep_contents(
    vault: Vault,
    job: Job,
    place: Holding,
    stream: GzipStream,
    recipients: Recipients,
    events: Events,
) -> str:
    """Store the list beside a dump that lies there, and give its SHA-256 for the manifest.

    It is sealed for the recipients, if there are any. Gives nothing, and says why, where there can
    be no list: the backup is worth more than it.
    """
    contents = stream.contents()
    raw = contents.to_json() if contents else b""
    too_long = len(raw) > LONGEST
    if too_long or not contents:
        why = f"it would be {len(raw):,} bytes long" if too_long else stream.unlisted
        return _without(job, why, events)
    kind, content = Kind.CONTENTS, "application/json"
    if recipients:
        raw, kind, content = seal(raw, recipients), Kind.SEALED_CONTENTS, SEALED_TYPE
    try:
        vault.make(object_key(job.database, place.taken_at, kind), raw, content)
    except AlreadyStored:
        # The place was free and the dump in it is ours: so is a list, of which the answer was lost.
        # Not where another delivery, for which it was sealed otherwise, has a dump there as well.
        if holding_at(vault, job.database, place.taken_at).dumps[1:]:
            return _without(job, "another delivery of this job stores one too", events)
    return hashlib.sha256(raw).hexdigest()


def _without(job: Job, why: str, events: Events) -> str:
    events.emit(
        "dump.warned",
        database=job.database,
        scheduled_at=write_time(job.scheduled_at),
        reason=f"this backup has no list of its contents: {why}",
        hint=_HINT,
    )
    return ""


def read_contents(vault: Backups, manifest: Manifest) -> Contents | None:
    """Give the list of a backup; None if it was made without one, as older releases do.

    Raises BackupDamaged if it is not the one that was made with the backup, NoKey if it is sealed
    and `vault` opens nothing.
    """
    if not manifest.contents:
        return None
    key = manifest.contents_key
    try:
        raw = vault.read(key, LONGEST)
    except ObjectGone:
        raise BackupDamaged(f"{key} is gone, its manifest is still there", hint=_WHOLE) from None
    if hashlib.sha256(raw).hexdigest() != manifest.contents:
        raise BackupDamaged(
            f"{key} is not the list of contents that was made with the backup",
            hint=_WHOLE,
        )
    contents = Contents.from_json(list_of(vault, manifest, raw))
    if contents.sha256 != manifest.gzip_sha256:
        raise BackupDamaged(f"{key} is the list of another object")
    if not contents.covers(manifest.gzip_bytes):
        raise BackupDamaged(f"{key} does not list the whole object")
    return contents
