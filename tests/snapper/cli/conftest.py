"""A stage whose databases may lie in a cloud."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.support.cloud_server import CloudServer, Customer
from tests.support.stage import StageUnderTest


@pytest.fixture
def somewhere(
    request: pytest.FixtureRequest,
    stage: StageUnderTest,
    cloud_server: Callable[[int], CloudServer],
) -> Iterator[StageUnderTest]:
    """Give the stage; with `everywhere`, its test's databases are those of a cloud's customer."""
    customer: Customer | None = getattr(request, "param", None)
    if customer is None:
        yield stage
        return
    cloud = cloud_server(customer.major)
    yield replace(stage, home=cloud.seen_by(customer.role))
    cloud.drop_databases()
