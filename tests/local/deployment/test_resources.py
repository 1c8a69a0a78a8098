"""Every type of resource that is made here is known to whoever stands in for the provider, too."""

from local.deployment.resources import ADOPTERS, HANDLERS
from tests.support.pulumi.kinds import KINDS
from tests.support.pulumi.updates import UPDATES


def test_the_stand_in_knows_every_type_and_no_other() -> None:
    assert set(KINDS) == set(HANDLERS)


def test_what_can_be_adopted_or_changed_can_be_made() -> None:
    assert set(HANDLERS) >= {*ADOPTERS, *UPDATES}
