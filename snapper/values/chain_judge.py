"""What a chain tells: each manifest that was removed, replaced, moved or forged, by its own kind.

Nothing here asks anybody: material goes in, findings come out, here as on a machine without AWS. No
order of honest work gives a finding: two dumps at once, a writer that died at any point, a clock
that is wrong, a backup that was made a second time under a name.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from snapper.values.chain import Check, Link, Ref
from snapper.values.chain_finding import NEVER, ChainFinding, ChainJudgement, Wrong
from snapper.values.chain_leaps import leaps, said_of_leap
from snapper.values.chain_material import Material
from snapper.values.chain_nodes import Node, State, graves, nodes
from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key, parse_key, parse_mark
from snapper.values.tombstone import Tombstone, tombstone_key

IN_FLIGHT = timedelta(hours=26)
"""How long a dump that knew of no chain may end after the first signed one: a day at most."""


def judge_chain(material: Material, check: Check) -> ChainJudgement:
    """Judge one chain; `check` tells whether a trusted key has signed."""
    return _Judge(material, check).judgement()


_GONE = (Wrong.REMOVED, Wrong.ROLLED_BACK)


class _Judge:
    def __init__(self, material: Material, check: Check) -> None:
        self.material = material
        self.nodes = list(nodes(material, check))
        self.graves = list(graves(material, check))
        self.here = {each.at: each for each in self.nodes}
        self.places: dict[str, set[datetime]] = {}
        for each in self.nodes:
            self.places.setdefault(each.ref.sha256, set()).add(each.at)
        # One whose key could not be had may be true: that is told, and nothing concluded from it.
        believed = (State.SIGNED, State.UNCHECKED)
        self.stones = {
            _identity(each.stone.buried): (each.stone, each)
            for each in self.graves
            if each.stone and each.state in believed
        }
        self.signed = [each for each in self.nodes if each.state is State.SIGNED]
        self.current = self._newest_key()
        self.leaps = leaps(self.nodes, self.graves)
        lowest = min((each.number for each in self.leaps), default=None)
        whole = (each.buried.number for each, _ in self.stones.values() if each.whole)
        self.floor = max((each for each in whole if lowest is None or each < lowest), default=0)
        """The number before which all is pruned: nobody need know by which tombstones."""

    def _newest_key(self) -> str:
        """Give the key under which the chain goes on: who begins to sign anew has a new one.

        What was deleted while it did not sign has left no tombstone, and only what the first
        signed manifest of the new key has named is still asked for.
        """
        known = [(each.ref.number, each.link.key) for each in self.signed if each.link]
        known += [(each.buried.number, each.key) for each, _ in self.stones.values()]
        known += [(ref.number, each.key) for each in self.material.heads for ref in each.refs]
        return max(known, default=(0, ""))[1]

    def judgement(self) -> ChainJudgement:
        missing = {each.at: each for each in self._missing()}
        lost = {at for at, each in missing.items() if each.kind in _GONE and not self._signs}
        wrong = {at: each for at, each in missing.items() if at not in lost}
        # What those say that name a place is more than what lies there says.
        for node in self.nodes:
            if node.at not in wrong and (lies := self._lies(node) or self._lacks(node)):
                wrong[node.at] = lies
        found = [*wrong.values(), *self._of_graves(), *self._unread(wrong)]
        return ChainJudgement(
            self.material.database,
            len(self.signed),
            len(self.stones),
            sum(1 for each in self.nodes if each.state is State.UNSIGNED),
            max((each.ref.number for each in self.signed), default=0),
            tuple(sorted(found, key=lambda each: (each.at, each.kind, each.fact))),
            tuple(self._remarks(len(lost))),
        )

    @property
    def _signs(self) -> bool:
        """Whether the stage signs now, and has done so since this key is in force."""
        return self.material.key == self.current

    def _refs(self) -> Iterator[Ref]:
        """Give whom the signed ones name, as far back as anybody need look."""
        for node in self.signed:
            if node.link and node.link.key == self.current:
                yield from node.previous
        for stone, grave in self.stones.values():
            passed = stone.whole or 0 < stone.buried.number <= self.floor
            if grave.state is State.SIGNED and stone.key == self.current and not passed:
                yield from stone.previous

    def _missing(self) -> Iterator[ChainFinding]:
        """Tell of each that is named and neither there nor buried."""
        heads = [each for each in self.material.heads if each.key == self.current]
        for ref in (ref for each in heads for ref in each.refs):
            if not self._is_there(ref):
                yield self._gone(ref, Wrong.ROLLED_BACK)
        for ref in self._refs():  # the last word: it is not only the parameter that names it
            if not self._is_there(ref):
                yield self._gone(ref, Wrong.REMOVED)

    def _is_there(self, ref: Ref) -> bool:
        node = self.here.get(ref.scheduled_at)
        lies_there = node is not None and node.ref.sha256 == ref.sha256
        return lies_there or _identity(ref) in self.stones or 0 < ref.number < self.floor

    def _gone(self, ref: Ref, kind: Wrong) -> ChainFinding:
        at, key = ref.scheduled_at, self._key(ref.scheduled_at)
        for name in (key, tombstone_key(self.material.database, ref)):
            if why := self.material.unreadable.get(name):
                return ChainFinding(Wrong.UNCHECKED, at, f"{name} cannot be read: {why}")
        if elsewhere := self.places.get(ref.sha256, set()) - {at}:
            there = self._key(min(elsewhere))
            return ChainFinding(Wrong.REORDERED, at, f"what was {key} lies at {there} now")
        if at in self.here:
            fact = f"{key} is not the manifest that was signed as number {ref.number}"
            if not ref.number:
                fact = f"{key} is not the manifest that was there when the chain began"
            return ChainFinding(Wrong.REPLACED, at, fact)
        if kind is Wrong.ROLLED_BACK:
            fact = f"{key}, number {ref.number}, was the newest once, and nothing is left of it"
        else:
            fact = f"{key}, number {ref.number}, is gone, and no tombstone says that it was pruned"
        return ChainFinding(kind, at, fact)

    def _lies(self, node: Node) -> ChainFinding | None:
        """Tell what is wrong with a manifest by itself."""
        key, stone = self._key(node.at), self.stones.get(_identity(node.ref))
        if stone and node.stored_at > stone[1].stored_at:
            return ChainFinding(Wrong.BROUGHT_BACK, node.at, f"{key} was pruned, and is back")
        if node.state is State.FORGED:
            return ChainFinding(Wrong.FORGED, node.at, f"the signature of {key} is nobody's")
        if node.state is State.UNCHECKED:
            return ChainFinding(Wrong.UNCHECKED, node.at, f"{key} is signed by a key that is gone")
        if node.astray and node.manifest:
            return ChainFinding(Wrong.COPIED, node.at, f"{key} is a copy of {node.manifest.key}")
        if node.state is State.UNSIGNED:
            excused = self._is_from_before(node)
            fact = f"{key} is not signed, and was stored when all were"
            return None if excused else ChainFinding(Wrong.UNSIGNED, node.at, fact)
        if not node.sealed:
            return ChainFinding(Wrong.REPLACED, node.at, f"{key} was changed after it was signed")
        if node.ref in self.leaps:
            return ChainFinding(Wrong.REORDERED, node.at, f"{key} {said_of_leap(node.ref)}")
        if any(each.number >= node.ref.number for each in node.previous):
            fact = f"{key} is number {node.ref.number}, and names one that is no older"
            return ChainFinding(Wrong.REORDERED, node.at, fact)
        return None

    def _lacks(self, node: Node) -> ChainFinding | None:
        """Tell what does not agree with a signed manifest of what lies beside it."""
        manifest = node.manifest
        if manifest is None or node.state is not State.SIGNED:
            return None
        size = self.material.others.get(manifest.dump_key)
        if size is None:
            return ChainFinding(Wrong.REMOVED, node.at, f"{manifest.dump_key} is gone")
        if size != manifest.backup_bytes:
            fact = f"{manifest.dump_key} has {size} bytes, not {manifest.backup_bytes}"
            return ChainFinding(Wrong.REPLACED, node.at, fact)
        marked = (parse_mark(manifest.database, key) for key in self.material.others)
        marks = {begun for at, begun in filter(None, marked) if at == node.at}
        # Whether a quarter of an hour has passed may hang on a fraction of a second.
        if marks - {manifest.started_at} or (manifest.late and not marks):
            fact = f"{manifest.key} says that it was begun at {write_time(manifest.started_at)}"
            return ChainFinding(Wrong.REORDERED, node.at, f"{fact}, its mark does not")
        return None

    def _is_from_before(self, node: Node) -> bool:
        """Tell whether an unsigned manifest is from when the stage did not sign.

        Each time that it begins, it has a new key, and the first signed manifest of that key names
        all unsigned ones. A dump that was under way then may end later, unsigned.
        """
        firsts: dict[str, tuple[int, datetime, str]] = {}
        naming: set[str] = set()
        known: list[tuple[Link | Tombstone, Ref, datetime]] = [
            *((each.link, each.ref, each.stored_at) for each in self.signed if each.link),
            *((each, each.buried, each.buried.scheduled_at) for each, _ in self.stones.values()),
        ]
        for link, ref, stored_at in known:
            first = (ref.number, stored_at, ref.sha256)
            # What another key has signed is buried by this one, without those before it.
            if ref.number and (isinstance(link, Link) or link.previous or link.whole):
                firsts[link.key] = min(firsts.get(link.key, first), first)
            if any(each.sha256 == node.ref.sha256 for each in link.previous):
                naming.add(ref.sha256)
        if not naming and self.material.key not in firsts:
            return True
        return any(
            digest in naming or node.stored_at - begun <= IN_FLIGHT
            for _, begun, digest in firsts.values()
        )

    def _of_graves(self) -> Iterator[ChainFinding]:
        for grave in self.graves:
            at = grave.stone.buried.scheduled_at if grave.stone else NEVER
            if grave.state is State.FORGED:
                yield ChainFinding(Wrong.FORGED, at, f"{grave.key} is no tombstone that was signed")
            elif grave.state is State.UNCHECKED:
                fact = f"{grave.key} is signed by a key that is gone"
                yield ChainFinding(Wrong.UNCHECKED, at, fact)
            elif grave.stone and grave.stone.buried in self.leaps:
                fact = f"what {grave.key} has buried {said_of_leap(grave.stone.buried)}"
                yield ChainFinding(Wrong.REORDERED, at, fact)
            elif grave.astray:
                yield ChainFinding(Wrong.COPIED, at, f"{grave.key} is a copy of another tombstone")

    def _unread(self, told: Collection[datetime]) -> Iterator[ChainFinding]:
        for key, why in self.material.unreadable.items():
            parsed = parse_key(self.material.database, key)
            at = parsed[0] if parsed else NEVER
            if at not in told:
                yield ChainFinding(Wrong.UNCHECKED, at, f"{key} cannot be read: {why}")

    def _remarks(self, lost: int) -> Iterator[str]:
        if self.current and not self._signs:
            yield "the stage does not sign, or has not since it began anew: pruning left no trace"
        if lost:
            yield f"{lost} gone since then, pruned or not: nobody knows"
        unsigned = [each.at for each in self.nodes if each.state is State.UNSIGNED]
        if unsigned:
            first, last = write_time(min(unsigned)), write_time(max(unsigned))
            yield f"{len(unsigned)} not signed, from {first} to {last}: nobody vouches for them"
        newest = max(self.signed, key=lambda each: each.ref, default=None)
        recorded = {ref for each in self.material.heads for ref in each.refs}
        if newest and newest.ref not in recorded:
            yield (
                f"number {newest.ref.number} is not yet recorded in Parameter Store: were it gone,"
                " nobody would know"
            )

    def _key(self, at: datetime) -> str:
        return object_key(self.material.database, at, Kind.MANIFEST)


def _identity(ref: Ref) -> tuple[datetime, str]:
    return ref.scheduled_at, ref.sha256
