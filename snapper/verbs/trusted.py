"""Whose signatures count: those by keys that the deployment has named, and no others."""

from collections.abc import Iterable
from dataclasses import dataclass

from snapper.aws.newest import Newest
from snapper.aws.signing import public_key
from snapper.errors import AwsDenied, AwsFailed
from snapper.sealing.signature import PublicKeys, pem_of


@dataclass(frozen=True)
class Trusted:
    """Public keys as PEM, and the ARNs of those that could not be had, such as deleted ones."""

    pems: tuple[str, ...]
    unknown: frozenset[str] = frozenset()

    @property
    def check(self) -> PublicKeys:
        """What tells whether a signature is by one of them."""
        return PublicKeys(self.pems)


def trusted_keys(newest: Newest, current: str = "") -> Trusted:
    """Ask KMS for the public keys of a stage: that in force, and those of before; raises AwsDenied.

    One that is deleted or disabled is told, not raised.
    """
    return _asked({*newest.keys(), *filter(None, [current])})


def _asked(keys: Iterable[str]) -> Trusted:
    pems: list[str] = []
    unknown: set[str] = set()
    for key in sorted(keys):
        try:
            pems.append(pem_of(public_key(key)))
        except AwsDenied:
            raise
        except (AwsFailed, ValueError):
            unknown.add(key)
    return Trusted(tuple(pems), frozenset(unknown))
