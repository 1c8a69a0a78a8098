"""The dumper's part of a chain: sign a manifest, have it name those before it, and tell of it.

Nothing that somebody has done to the bucket keeps a backup from being made: what is odd there is
named by its digest like all else, and stays known.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from snapper.aws.newest import Newest
from snapper.aws.signing import Signer
from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AwsFailed, BackupDamaged, ObjectGone, ObjectUnreadable
from snapper.values.chain import MOST, Check, Link, Ref, signed_text
from snapper.values.chain_material import Kept
from snapper.values.chain_nodes import Node, State, node_of
from snapper.values.document import LARGEST
from snapper.values.job import write_time
from snapper.values.keys import Kind, parse_key, prefix, stamp
from snapper.values.manifest import Manifest
from snapper.values.tombstone import tombstone_folder
from snapper.verbs.events import Events

# S3 refuses whose clock differs from its own by more than 15 minutes.
_SKEW = timedelta(minutes=16)
_READERS = 8


@dataclass(frozen=True)
class Linked:
    """A manifest that is signed, if any is, and which value of the parameter was read before."""

    manifest: Manifest
    seen: int = 0


@dataclass(frozen=True)
class Chain:
    """Where a chain lies, who signs it, and whose signatures count."""

    vault: Vault
    newest: Newest
    signer: Signer
    check: Callable[[], Check]
    events: Events

    def try_out(self) -> None:
        """Raise what would keep a manifest from being signed, before anything is dumped."""
        self.signer.try_out()

    def link(self, manifest: Manifest) -> Linked:
        """Sign a manifest that names what is newest in the bucket now, and what was said to be.

        Raises AwsFailed: without a signature there is no backup.
        """
        known = self.newest.known(manifest.database)
        nodes, goes_on = self._newest_nodes(manifest.database)
        named = {(ref.scheduled_at, ref.sha256) for node in nodes for ref in node.previous}
        # The first one under a key names all there are: what is not signed is known from then on.
        heads = {
            node.ref
            for node in nodes
            if not goes_on or (node.ref.scheduled_at, node.ref.sha256) not in named
        }
        said = known.heads.refs if known.heads else ()
        if known.heads and known.heads.key == self.signer.key:
            self._tell_missing(manifest.database, [ref for ref in said if ref not in heads])
            heads.update(said)
        highest = max((ref.number for ref in (*(each.ref for each in nodes), *said)), default=0)
        # Who has forged the last number there is shall not make every later manifest unreadable.
        number = min(1 + highest, LARGEST)
        previous = tuple(sorted(heads)[-MOST:])
        bare = replace(manifest, chain=Link(number, previous, self.signer.key))
        signature = self.signer.sign(signed_text(bare.to_dict()))
        link = Link(number, previous, self.signer.key, signature)
        return Linked(replace(manifest, chain=link), known.version)

    def record(self, linked: Linked) -> None:
        """Tell that a manifest is the newest, outside the bucket.

        It is a backup without that; the next one names it. So a failure is told, not raised.
        """
        manifest = linked.manifest
        if manifest.chain is None:
            return
        own = ref_of(manifest)
        try:
            self.newest.record(
                manifest.database, own, manifest.chain.previous, manifest.chain.key, linked.seen
            )
        except AwsFailed as error:
            self.events.emit(
                "chain.unrecorded",
                database=manifest.database,
                scheduled_at=write_time(manifest.scheduled_at),
                reason=str(error),
                hint=error.hint,
            )

    def _newest_nodes(self, database: str) -> tuple[list[Node], bool]:
        """Read manifests from the newest stored one back, until none before can be a head.

        The newest one of our key named what lay there when it was made: it is older than its own
        writer's clock says, by at most what S3 lets clocks differ. Tells too whether there is one.
        """
        check, found = self.check(), list[Node]()
        until: datetime | None = None
        for stored, at, body in self._bodies(self._listed(database)):
            if until and stored.changed_at < until:
                break
            node = node_of(Kept(stored.key, body, stored.changed_at), at, check)
            found.append(node)
            ours = node.link is not None and node.link.key == self.signer.key
            if until is None and ours and node.state is State.SIGNED and node.manifest:
                until = node.manifest.finished_at - _SKEW
        return found, until is not None

    def _listed(self, database: str) -> list[tuple[StoredObject, datetime]]:
        listed = (
            (each, parse_key(database, each.key)) for each in self.vault.list(prefix(database))
        )
        manifests = [
            (stored, parsed[0])
            for stored, parsed in listed
            if parsed and parsed[1] is Kind.MANIFEST
        ]
        return sorted(manifests, key=lambda each: each[0].changed_at, reverse=True)

    def _bodies(
        self, listed: Sequence[tuple[StoredObject, datetime]]
    ) -> Iterator[tuple[StoredObject, datetime, bytes]]:
        """Read them in order, some at once; passes over what is gone or cannot be read."""
        with ThreadPoolExecutor(_READERS) as readers:
            # Mostly the first one is enough.
            rest = range(1, len(listed), _READERS)
            for some in (listed[:1], *(listed[start : start + _READERS] for start in rest)):
                bodies = readers.map(lambda each: self._body(each[0].key), some)
                for (stored, at), body in zip(some, bodies, strict=True):
                    if body is not None:
                        yield stored, at, body

    def _body(self, key: str) -> bytes | None:
        try:
            return self.vault.read(key)
        except ObjectGone:
            return None
        except (ObjectUnreadable, BackupDamaged) as odd:
            self.events.emit("chain.unreadable", object=key, reason=str(odd))
            return None

    def _tell_missing(self, database: str, refs: Sequence[Ref]) -> None:
        """Tell of what was the newest and is neither there nor buried."""
        for ref in refs:
            at = stamp(ref.scheduled_at)
            there = f"{prefix(database)}{at}{Kind.MANIFEST}"
            if any(self.vault.list(there)) or any(
                self.vault.list(f"{tombstone_folder(database)}{at}.")
            ):
                continue
            self.events.emit(
                "chain.broken",
                database=database,
                scheduled_at=write_time(ref.scheduled_at),
                reason=f"{there}, number {ref.number} of the chain, is gone and was not pruned",
            )


def ref_of(manifest: Manifest) -> Ref:
    """Name a manifest as others will: by the bytes that are stored."""
    number = manifest.chain.number if manifest.chain else 0
    digest = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    return Ref(manifest.scheduled_at, number, digest)
