"""What a throw-away server has not got, and what that says of a backup: nothing."""

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

_HINT = (
    "the throw-away PostgreSQL here lacks what this database needs, which says nothing against the "
    "backup: prove it on a server of your own, by verify --restore --on CONNECTION"
)


@contextmanager
def lacking_told() -> Iterator[None]:
    """Give a restore that failed for what the server lacks a hint at a server that has it."""
    try:
        yield
    except RestoreFailed as failed:
        if any(sign in str(failed) for sign in _SIGNS):
            failed.hint = _HINT
        raise
