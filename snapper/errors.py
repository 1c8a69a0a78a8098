"""Everything that can go wrong, as one tree: a fact, a hint, an exit code per kind."""


class SnapperError(Exception):
    """The root of the tree.

    SnapperError                exit 1
    ├── SettingsError           exit 2   the operator must change something
    │   └── SecretsInvalid      exit 2   the two secrets, every fault at once
    ├── BackupNotFound          exit 3
    ├── BackupDamaged           exit 4   object and manifest disagree
    │   ├── BackupTruncated     exit 4   the end of a sealed one is missing
    │   ├── BackupAltered       exit 4   a sealed one holds other bytes than were sealed
    │   └── NoneGood            exit 4   neither the newest backup nor any older one is good
    ├── DumpFailed              exit 5   pg_dump did not end well
    │   ├── DeadlineReached     exit 5   there was not enough time
    │   └── NotFollowed         exit 5   it cannot be made by several programs at once
    ├── DatabaseUnreachable     exit 6   no connection to the server
    │   └── HostUnreachable     exit 6   not even its host answers, or nobody listens there
    │       └── ServerNotReady  exit 6   it is starting or stopping, or has no connection left
    ├── DatabaseUnsupported     exit 7   a pooler, or a server newer than every client
    ├── AwsFailed               exit 8   AWS refused or failed a call
    │   ├── AwsDenied           exit 8   the caller has no right to it
    │   ├── ObjectUnreadable    exit 8   one object is archived, or its key is disabled
    │   └── AlreadyStored       exit 8   a conditional write found the object there
    ├── RestoreFailed           exit 9
    │   ├── TooLarge            exit 9   there is not enough room or time for a proof
    │   └── Unprovable          exit 9   only another major of the server could prove it
    ├── BackupInProgress        exit 10  another delivery may be finishing the same backup
    ├── ServerBusy              exit 10  as many dumps of the same server are under way as may be
    ├── NoKey                   exit 11  it is sealed, and no key was given
    └── WrongKey                exit 12  it is sealed for others than the keys that were given

    A message is the fact in lower case with its values; `hint` says what to do about it.
    Neither ever holds a secret. `retry` says whether another attempt can help,
    `reported` whether its event has already been logged.
    """

    exit_code = 1
    retry = False
    reported = False

    def __init__(self, fact: str, *, hint: str = "") -> None:
        super().__init__(fact)
        self.hint = hint


def exit_code_of(kind: str) -> int | None:
    """Give the exit code of the error with this class name; None if it is none of ours.

    >>> exit_code_of("DeadlineReached"), exit_code_of("KeyError")
    (5, None)
    """
    kinds = [SnapperError]
    for each in kinds:
        if each.__name__ == kind:
            return each.exit_code
        kinds += each.__subclasses__()
    return None


class SettingsError(SnapperError):
    """Something the operator wrote cannot be used as it is."""

    exit_code = 2


class SecretsInvalid(SettingsError):
    """The two secrets have faults; `faults` holds a sentence for each of them.

    `what` is more than the secrets where the options of databases were looked at too.
    """

    def __init__(
        self,
        faults: tuple[str, ...],
        hint: str = "rows are KEY,connection,TYPE and KEY,count, joined by |",
        what: str = "the secrets",
    ) -> None:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(f"{what} are invalid:\n{listed}", hint=hint)
        self.faults = faults


class BackupNotFound(SnapperError):
    """There is no such backup."""

    exit_code = 3


class BackupDamaged(SnapperError):
    """What lies in the vault is not what its manifest says."""

    exit_code = 4


class BackupTruncated(BackupDamaged):
    """The end of a sealed object is missing, be it at the end of a chunk."""


class BackupAltered(BackupDamaged):
    """A sealed object holds other bytes than those that were sealed."""


class NoneGood(BackupDamaged):
    """No backup is left that could be taken in place of the damaged one."""


class DumpFailed(SnapperError):
    """The dump did not end well; nothing was stored."""

    exit_code, retry = 5, True


class DeadlineReached(DumpFailed):
    """The time of the function was nearly over, so the dump was stopped.

    `handed_over` says that the job goes on elsewhere, so it is no failure of it.
    """

    handed_over = False


class NotFollowed(DumpFailed):
    """What a program gives cannot be followed, so nobody knows where it may be parted."""


class DumpStopped(DumpFailed):
    """The process was told to end, so the dump was stopped."""


class DatabaseUnreachable(SnapperError):
    """No connection to the database could be made.

    `passing` says that it may be another in a minute, without anybody's doing; `of_login` that the
    user or the password is refused, as it would be for any other database of the server.
    """

    exit_code, retry = 6, True
    passing = of_login = False


class HostUnreachable(DatabaseUnreachable):
    """The network is in the way, or the host's name is wrong, or nobody listens at the port.

    So it is for every login and every database there.
    """


class ServerNotReady(HostUnreachable):
    """The server answers that it is starting, recovering or stopping, or has no connection left."""

    passing = True


class DatabaseUnsupported(SnapperError):
    """The server answers, but cannot be dumped in this way."""

    exit_code = 7


class AwsFailed(SnapperError):
    """A call to AWS failed for good; the message names the call and its error code."""

    exit_code, retry = 8, True


class AwsDenied(AwsFailed):
    """The caller has no right to make the call."""


class ObjectUnreadable(AwsFailed):
    """One object was stored so that it cannot be read, such as in an archive; others can."""

    retry = False


class ObjectGone(AwsFailed):
    """There is no such object, or not any more."""


class AlreadyStored(AwsFailed):
    """A conditional write found that the object is there already."""

    retry = False


class RestoreFailed(SnapperError):
    """The target does not hold the whole backup.

    It is `against_backup` where that is the backup's own fault: its statements were refused. What
    is so `everywhere` another release or locale of the server would refuse just so, and what may be
    `of_major` was refused by another major than the backup's.
    """

    exit_code = 9

    def __init__(
        self, fact: str, *, hint: str = "", against_backup: bool = False, everywhere: bool = False
    ) -> None:
        super().__init__(fact, hint=hint)
        self.against_backup = against_backup
        self.everywhere = everywhere
        self.of_major = False


class TooLarge(RestoreFailed):
    """A copy for the proof would not fit into the room or the time that there is."""


class Unprovable(RestoreFailed):
    """A server for the proof refuses what the backup's own major may take: so it always will."""


class BackupInProgress(SnapperError):
    """The same backup may be written by another delivery of the same job right now."""

    exit_code, retry = 10, True


class ServerBusy(SnapperError):
    """As many dumps of the same server are under way as there may be: this one has to wait."""

    exit_code, retry = 10, True


class NoKey(SnapperError):
    """It is sealed, and nobody gave a key."""

    exit_code = 11


class WrongKey(SnapperError):
    """It is sealed for others: none of the keys that were given opens it."""

    exit_code = 12
