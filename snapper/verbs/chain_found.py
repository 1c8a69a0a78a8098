"""Find all that is needed to judge a chain, in an order in which honest work at the time harms not.

First what Parameter Store says, then the listing, then the manifests, at last the tombstones: what
is named lay there before, and what was pruned meanwhile has its tombstone by then.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from snapper.aws.newest import Newest
from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AwsDenied, AwsFailed, BackupDamaged, ObjectGone
from snapper.values.chain_material import Kept, Material
from snapper.values.keys import Kind, prefix
from snapper.values.tombstone import tombstone_folder

_READERS = 8
_LONGEST = 3 << 20
"""Bytes of a manifest that is read: a true one has some kB. In an export it must be readable."""


def find_chain(
    vault: Vault, newest: Newest, database: str, key: str, unknown: frozenset[str]
) -> Material:
    """Gather what there is of one database; `key` is the one in force. Raises AwsFailed."""
    heads = tuple(newest.history(database))
    listed = list(vault.list(prefix(database)))
    unreadable: dict[str, str] = {}
    manifests = _read(vault, (one for one in listed if _is_manifest(one)), unreadable)
    tombstones = _read(vault, vault.list(tombstone_folder(database)), unreadable)
    others = {one.key: one.size for one in listed if not _is_manifest(one)}
    return Material(
        database, heads, tuple(manifests), tuple(tombstones), others, unreadable, key, unknown
    )


def _is_manifest(stored: StoredObject) -> bool:
    return stored.key.endswith(Kind.MANIFEST)


def _read(
    vault: Vault, listed: Iterable[StoredObject], unreadable: dict[str, str]
) -> Iterator[Kept]:
    """Read them, some at once; what is gone by now is passed over."""

    def read(stored: StoredObject) -> Kept | None:
        try:
            body = vault.read(stored.key, _LONGEST)
        except ObjectGone:
            return None
        except BackupDamaged:
            body = b""  # whatever it is, it is none of ours
        except AwsDenied:
            raise
        except AwsFailed as error:
            unreadable[stored.key] = str(error)
            return None
        return Kept(stored.key, body, stored.changed_at)

    with ThreadPoolExecutor(_READERS) as readers:
        found = list(readers.map(read, listed))
    return (each for each in found if each)
