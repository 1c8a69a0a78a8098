"""Numbers that leap: a manifest is one behind the newest that it names, but the first of its key.

Who may sign for a while could else give a number out of the blue. As soon as that manifest was
pruned, all that has a lower one would count as pruned too, for ever.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from snapper.values.chain import Ref
from snapper.values.chain_nodes import Grave, Node, State


@dataclass(frozen=True)
class _Place:
    """What is said of one number of a key, whether it lies there still or is buried."""

    ref: Ref
    previous: tuple[Ref, ...]
    key: str

    @property
    def leaps(self) -> bool:
        """Whether it is not the one that follows those which it names."""
        return self.ref.number > 1 + max((each.number for each in self.previous), default=0)


def leaps(nodes: Iterable[Node], graves: Iterable[Grave]) -> frozenset[Ref]:
    """Give those that leap though their key had signed before."""
    places = [*_places(nodes, graves)]
    firsts: dict[str, int] = {}
    for each in places:
        firsts[each.key] = min(each.ref.number, firsts.get(each.key, each.ref.number))
    return frozenset(
        each.ref for each in places if each.leaps and firsts[each.key] < each.ref.number
    )


def said_of_leap(ref: Ref) -> str:
    """Say what is wrong with one, as the end of a sentence."""
    return f"is number {ref.number}, and names none that comes just before it"


def _places(nodes: Iterable[Node], graves: Iterable[Grave]) -> Iterator[_Place]:
    for node in nodes:
        if node.state is State.SIGNED and node.link:
            yield _Place(node.ref, node.previous, node.link.key)
    for grave in graves:
        stone = grave.stone
        # What another key has signed is buried by this one, without those before it.
        if grave.state is State.SIGNED and stone and (stone.previous or stone.whole):
            yield _Place(stone.buried, stone.previous, stone.key)
