"""Look whether a container could begin: whether there is a way to the registry of its image.

Seen from the dumper, which is in the operator's subnets if these are set, as the containers are.
"""

import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

from snapper.values.container import REGISTRY
from snapper.values.finding import Finding, failure, ok

_HTTPS = 443
_PATIENCE = 5.0
"""Seconds until a registry that says nothing is taken for one that cannot be reached."""

_FIX = (
    f"give the subnets a way to {REGISTRY} (a NAT gateway: it has no endpoint of AWS's own), or no"
    " database that takes longer than a function may can be dumped"
)


def examine_registry(
    connect: Callable[[tuple[str, int], float], Any] = socket.create_connection,
) -> Finding:
    """Try to connect to the registry; nothing is sent."""
    try:
        with closing(connect((REGISTRY, _HTTPS), _PATIENCE)):
            pass
    except OSError as error:  # a name that is not known, too
        told = error.strerror or str(error) or type(error).__name__
        return failure("containers", f"{REGISTRY} cannot be reached: {told}", _FIX)
    return ok("containers", f"{REGISTRY}, where the image of containers lies, can be reached")
