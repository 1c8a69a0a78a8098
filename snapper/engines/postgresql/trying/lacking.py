"""What a trial's server lacks or refuses, and what that says of a backup: nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from snapper.engines.postgresql.connecting.unnamed import without_quoted
from snapper.engines.postgresql.loading.refusal import KNOWS_ITS_NAME, MAY_NOT_MAKE
from snapper.errors import RestoreFailed, Unprovable
from snapper.values.program import PROGRAM

# What PostgreSQL says, and the name of what is missing. Sources of 14 to 18.
_SIGNS = (
    r'extension "(?P<name>[^"]+)" is not available',
    r'could not open extension control file "(?:[^"]*/)?(?P<name>[^"/]+)\.control"',
    r'could not (?:load library|access file) "(?:[^"]*/)?(?P<name>[^"/]+?)(?:\.so|\.dylib)?"',
    r"(?P<name>ICU|XML) is not supported",
    r'could not create locale "(?P<name>[^"]+)"',
    r"the target cannot have (?P<name>the locale [^:]+): the database has",
    r'collation "(?P<name>[^"]+)" for encoding "[^"]+" does not exist',
    r"(?P<name>[\w-]+) (?:can|must|needs?|has to) [^:]*shared_preload_libraries",
    # In any language: the statement and its code are our own words.
    r'of the dump: extension "?(?P<name>[\w-]+)"?: .*\((?:0A000|58P01)\)',
)

# Nothing of a dump is refused to a superuser, who restores nowhere here.
_REFUSALS = (
    "permission denied",
    "(42501)",  # in any language
    "must be superuser",
    "only superuser",
    "must be owner of",
    "must be able to set role",
    "must be member of role",
    "row-level security policy",
    "cannot be internal",  # the state of an aggregate
    "non-superuser",  # a foreign server that is to be reached without a password
)

# Of an extension such as pg_cron; a database that is made for a trial has another name.
_FINAL_NAME = (
    f"{KNOWS_ITS_NAME}, and the trial's has another, which is not the backup's fault:"
    f" {PROGRAM} restore KEY --create --final-name restores it"
)

# Signs of a server that could not do it today.
_NO_ROOM = ("(53100)", "no space left", "out of memory", "could not extend file", "could not write")
_HINDRANCES = (
    *_NO_ROOM,
    *("(53200)", "(53300)", "(57014)", "(57p01)", "(57p02)", "(57p03)"),
    "out of shared memory",
    "terminating connection",
    "server closed the connection",
    "connection to server was lost",
    "canceling statement",  # a time-out of its own, or somebody's word
    "too many connections",
    "remaining connection slots",
)

_ELSEWHERE = (
    f"prove the backup on a server of your own: {PROGRAM} verify KEY --restore --on CONNECTION"
)
_REFUSED = (
    "this needs a superuser, and the throw-away PostgreSQL here never runs a backup's code as "
    f"one; the backup itself is not at fault: {_ELSEWHERE}"
)
_OF_MAJOR = (
    "it cannot be proven by the PostgreSQL here, which is of another major than the backup's"
)
_NEVER_HERE = (
    f"the backup's own major may take it: {_ELSEWHERE}, of its major, or set the database's option"
    " drill to off"
)
_MAKE_ROOM = (
    "this machine has no room, which is not the backup's fault: make some for temporary files "
    f"(TMPDIR) or in memory, or {_ELSEWHERE}"
)
_HINDERED = f"the server ended it, which says nothing of the backup: try again, or {_ELSEWHERE}"


class Lacking(RestoreFailed):
    """The server that was tried has not got what the backup needs; `missing` is its name."""

    def __init__(self, missing: str, words: str) -> None:
        super().__init__(
            f"{missing} is missing in the throw-away PostgreSQL: {words}",
            hint="the backup itself is not at fault: install a PostgreSQL of its major or a "
            f"newer one that has {missing}, which is then used, or {_ELSEWHERE}",
        )
        self.missing = missing


class Disproven(RestoreFailed):
    """The copy is there, and is not as it should be: no server's lack is the reason."""


@contextmanager
def lacking_told(*, here: bool = True) -> Iterator[None]:
    """Tell a restore that failed for this server's sake from one that fails anywhere.

    Of the throw-away server `here` raise Lacking for want of something; hint at what was refused.
    """
    try:
        yield
    except Disproven:
        raise
    except RestoreFailed as failed:
        words = without_quoted(str(failed)).lower()
        missing, refused = lacked(str(failed)), any(sign in words for sign in _REFUSALS)
        refused |= MAY_NOT_MAKE in failed.hint
        if here and missing:
            raise Lacking(missing, str(failed)) from None
        named = KNOWS_ITS_NAME in failed.hint
        if named:
            failed.hint = _FINAL_NAME
        hindered = any(sign in words for sign in _HINDRANCES)
        if here and refused:
            failed.hint = _REFUSED
        elif here and hindered:
            no_room = any(sign in words for sign in _NO_ROOM)
            failed.hint = _MAKE_ROOM if no_room else _HINDERED
        if missing or refused or hindered or named:
            failed.against_backup = False
        elif here and failed.of_major:
            raise Unprovable(f"{_OF_MAJOR}: {failed}", hint=_NEVER_HERE) from None
        raise


def lacked(words: str) -> str:
    """Give the name of what the server lacks, or nothing where it failed for another reason.

    >>> lacked('ERROR:  extension "uuid-ossp" is not available')
    'uuid-ossp'
    >>> lacked('ERROR:  could not access file "$libdir/postgis-3": No such file or directory')
    'postgis-3'
    """
    found = (re.search(sign, words) for sign in _SIGNS)
    return next((sign["name"] for sign in found if sign), "")
