"""What to do where the dumper function does not reach a host: its network is part of the stack."""

from collections.abc import Iterator
from contextlib import contextmanager

from snapper.errors import HostUnreachable, ServerNotReady

PRIVATE_HINT = "a private database needs snapper:subnetIds and snapper:securityGroupIds"


@contextmanager
def from_the_function() -> Iterator[None]:
    """Add to the hint of whoever is not reached; a restore elsewhere has no use for that.

    What may pass by itself, such as a database that sleeps, has other reasons that are as likely.
    """
    try:
        yield
    except ServerNotReady:
        raise
    except HostUnreachable as error:
        error.hint = f"{error.hint}; {PRIVATE_HINT}" if error.passing else PRIVATE_HINT
        raise
