"""The names of Amazon's databases, which tell where they are."""

import re

_REGION = r"([a-z]{2,}(?:-[a-z]+)+-\d+)"
# In China the region comes later, in older names as elsewhere.
_ENDPOINT = re.compile(
    rf"[a-z0-9.-]+\.(?:{_REGION}\.rds\.amazonaws\.com(?:\.cn)?|rds\.{_REGION}\.amazonaws\.com\.cn)"
)


def region_of(host: str) -> str:
    """Give the region of a database of RDS or Aurora by its host; nothing of any other host.

    >>> region_of("orders.cluster-c0ffee.eu-central-1.rds.amazonaws.com")
    'eu-central-1'
    >>> region_of("orders.c0ffee.rds.cn-north-1.amazonaws.com.cn"), region_of("db.example.com")
    ('cn-north-1', '')
    """
    found = _ENDPOINT.fullmatch(host.lower().rstrip("."))
    return (found[1] or found[2]) if found else ""
