"""Releases of PostgreSQL as numbers that can be compared."""

import re

_RELEASE = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)


def release(version: str) -> tuple[int, int]:
    """Give major and minor; of a beta the minor is 0, of what is no version both are.

    >>> release("15.20"), release("19beta1"), release("unknown")
    ((15, 20), (19, 0), (0, 0))
    """
    found = _RELEASE.match(version)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)
