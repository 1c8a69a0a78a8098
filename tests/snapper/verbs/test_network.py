"""What is added to a hint where it is the dumper function that does not reach a host."""

import pytest

from snapper.errors import DatabaseUnreachable, HostUnreachable, ServerNotReady
from snapper.verbs.network import PRIVATE_HINT, from_the_function


def hinted(error: DatabaseUnreachable) -> str:
    with pytest.raises(DatabaseUnreachable) as failed, from_the_function():
        raise error
    return failed.value.hint


def test_a_host_that_refuses_is_looked_for_in_the_network() -> None:
    assert hinted(HostUnreachable("refused", hint="check host and port")) == PRIVATE_HINT


def test_one_that_may_sleep_has_other_reasons_first() -> None:
    late = HostUnreachable("timeout expired", hint="a firewall, or it is paused")
    late.passing = True
    assert hinted(late) == f"a firewall, or it is paused; {PRIVATE_HINT}"


@pytest.mark.parametrize("kind", [DatabaseUnreachable, ServerNotReady])
def test_what_has_answered_is_in_reach(kind: type[DatabaseUnreachable]) -> None:
    assert hinted(kind("starting up", hint="wait")) == "wait"
