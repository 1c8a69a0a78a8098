"""What a dumper signs is a manifest, whatever others have left for it."""

from dataclasses import replace

from snapper.values.chain import Heads
from snapper.values.document import LARGEST
from tests.support.chains import World


def test_the_last_number_there_is_makes_no_later_manifest_unreadable() -> None:
    """It is forged: so many backups nobody has made. The manifests are read, and it is found."""
    world = World()
    world.dump()
    (values,) = world.parameters.values.values()
    heads = Heads.from_json(values[-1])
    forged = replace(heads.refs[0], number=LARGEST, sha256="a" * 64)
    values.append(replace(heads, refs=(*heads.refs, forged)).to_json())
    for _ in range(2):
        made = world.dump()
        assert made.chain
        assert made.chain.number == LARGEST
    assert world.judged().damaged
