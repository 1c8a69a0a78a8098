"""Whether containers can have their image is found out before one is needed."""

import socket
from typing import Any

from snapper.values.finding import Level
from snapper.verbs.registry import examine_registry


def test_a_registry_that_answers_is_good_and_nothing_is_sent_to_it() -> None:
    ours, theirs = socket.socketpair()
    asked: list[Any] = []

    def connect(place: tuple[str, int], patience: float) -> socket.socket:
        asked.append(place)
        return ours

    with theirs:
        assert examine_registry(connect).level is Level.OK
        assert theirs.recv(1) == b""
    assert asked == [("public.ecr.aws", 443)]


def test_no_way_to_it_is_a_failure_that_says_what_the_subnets_lack() -> None:
    for error in (socket.gaierror(-2, "Name or service not known"), TimeoutError("timed out")):

        def connect(place: tuple[str, int], patience: float, error: OSError = error) -> Any:
            raise error

        found = examine_registry(connect)
        assert found.level is Level.FAILURE
        assert "public.ecr.aws cannot be reached" in found.fact
        assert "NAT gateway" in found.fix
