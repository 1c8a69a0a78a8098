"""A dumper that writes to a vault of its own and keeps what it tells."""

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.verbs.dump import Dumper
from tests.support.engines import engines
from tests.support.recording import RecordedEvents


@pytest.fixture
def events() -> RecordedEvents:
    return RecordedEvents()


@pytest.fixture
def dumper(vault: Vault, tools: ClientTools, events: RecordedEvents) -> Dumper:
    return Dumper(vault, events, engines(tools))
