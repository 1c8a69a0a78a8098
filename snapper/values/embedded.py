"""Whether AWS is the embedded cloud: then the functions run on this very machine."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_embedded(endpoints: Iterable[str]) -> bool:
    """Tell it by where AWS's services are said to be; said to be nowhere, they are AWS's own.

    >>> is_embedded(["https://127.0.0.1:4566"]), is_embedded([])
    (True, False)
    """
    hosts = [urlsplit(endpoint).hostname for endpoint in endpoints]
    return bool(hosts) and _LOOPBACK.issuperset(hosts)
