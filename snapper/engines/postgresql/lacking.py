"""What a throw-away server lacks or refuses, and what that says of a backup: nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from snapper.errors import RestoreFailed

_SIGNS = (
    "ICU is not supported",
    "is not available",
    "could not open extension control file",
    "could not load library",
    "could not access file",
    "could not create locale",
    '" for encoding "',  # of a collation that is not there
)

# Nothing of a dump is refused to a superuser, who restores nowhere here.
_REFUSALS = ("permission denied", "must be superuser", "only superuser", "must be owner of")

_ELSEWHERE = (
    "which says nothing against the backup: prove it on a server of your own, by verify --restore "
    "--on CONNECTION"
)
_HINT = f"the throw-away PostgreSQL here lacks what this database needs, {_ELSEWHERE}"
_REFUSED = (
    "this needs a superuser, and the throw-away PostgreSQL here lets no code of a backup run as "
    f"one, {_ELSEWHERE}"
)


@contextmanager
def lacking_told() -> Iterator[None]:
    """Give a restore that failed for this server's sake a hint at a server that would do."""
    try:
        yield
    except RestoreFailed as failed:
        words = str(failed).lower()
        if any(sign in str(failed) for sign in _SIGNS):
            failed.hint = _HINT
        elif any(sign in words for sign in _REFUSALS):
            failed.hint = _REFUSED
        raise
