"""Whether the bucket locks what is put there, as the stage says."""

from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.finding import Finding, failure, ok
from snapper.values.object_lock import OBJECT_LOCK, ObjectLock


def examine_lock(vault: Vault, lock: ObjectLock) -> Finding:
    """Hold the bucket's own rule against the stage's; whoever may change it may have done so."""
    try:
        found = vault.default_lock()
    except SnapperError as error:
        return failure(OBJECT_LOCK, str(error), error.hint)
    if found == (lock.aws_mode, lock.days):
        return ok(OBJECT_LOCK, f"{vault.bucket} locks what is put there {lock.words}")
    said = f"{lock.words}, as the stage says"
    does = f"for {found[1]} days ({found[0].lower()})" if found else "not at all"
    return failure(
        OBJECT_LOCK,
        f"{vault.bucket} locks what is put there {does}, and not {said}",
        "pulumi refresh, then pulumi up; the account's trail says who changed it",
    )
