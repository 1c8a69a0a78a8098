"""A dumper that writes to a vault of its own and keeps what it tells."""

from collections.abc import Iterator

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.verbs.dump import Dumper
from tests.support.engines import engines
from tests.support.recording import RecordedEvents
from tests.support.stage import StageUnderTest


@pytest.fixture
def events() -> RecordedEvents:
    return RecordedEvents()


@pytest.fixture
def dumper(vault: Vault, tools: ClientTools, events: RecordedEvents) -> Dumper:
    return Dumper(vault, events, engines(tools))


@pytest.fixture(autouse=True)
def _samples_have_no_backup(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does with the stage's samples, the next one finds them without a backup."""
    if "stage" not in request.fixturenames:
        yield
        return
    stage = request.getfixturevalue("stage")
    yield
    if isinstance(stage, StageUnderTest):
        stage.forget_samples()
