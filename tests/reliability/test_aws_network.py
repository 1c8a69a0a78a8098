"""The network between the function and AWS breaks: at any byte, for good, on the real wire."""

import random
import secrets
from collections.abc import Callable
from socket import socket
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from urllib3.util import connection

from local.emulator.cloud import Cloud
from tests.support.databases import Source
from tests.support.dumps import LARGE
from tests.support.fault_service import Delivery, Service
from tests.support.faults import faulted
from tests.support.proxy import Proxy


@pytest.fixture
def service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source(17, LARGE))


def through(proxy: Proxy, service: Service) -> Delivery:
    """Lead the function's connections to the cloud through the proxy; no name changes."""
    direct = connection.create_connection

    def lead(address: tuple[str, int], *arguments: Any, **named: Any) -> socket:
        return direct((address[0], proxy.port), *arguments, **named)

    with mock.patch.object(connection, "create_connection", lead):
        return service.deliver()


@pytest.mark.parametrize("tries", [1, pytest.param(60, marks=pytest.mark.long)])
def test_the_connection_to_aws_is_cut_at_a_random_byte_of_its_answers(
    tries: int, service: Service
) -> None:
    port = urlsplit(service.cloud.endpoint_url).port or 0
    service.furnish()
    with Proxy(port) as proxy:
        assert through(proxy, service).acknowledged
        whole = proxy.answered
    seed = secrets.randbits(32)
    print(f"the bytes are those of random.Random({seed})")
    bytes_ = random.Random(seed)  # noqa: S311  moments, not secrets
    for _ in range(tries):
        after = bytes_.randrange(whole)
        with faulted("aws calls: the network breaks for good"):
            older = service.furnish()
            with Proxy(port, cut_after=after) as proxy:
                delivery = through(proxy, service)
            made = service.check(older)
            # The last connection may be cut when all has been said: then it did no harm.
            assert made or not delivery.acknowledged, after
            told = delivery.reported("dump.failed") + delivery.reported("prune.failed")
            assert bool(told) != delivery.acknowledged, after
            for failure in told:
                assert failure["kind"] == "AwsFailed", failure
                assert failure["reason"].startswith(("s3", "ssm:")), failure
            # Where nobody could be reached any more, the upload stays for the lifecycle rule.
            service.sweep()
            service.check_recovery(older)
