"""What the tests of trials share: a backup of a source, and a machine that can confine nothing."""

from collections.abc import Callable

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.machine.confined import Walls
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from tests.support.databases import Source, job
from tests.support.engines import engines
from tests.support.recording import RecordedEvents


@pytest.fixture
def no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the server as it is on a machine whose kernel can confine nothing."""
    monkeypatch.setattr(Walls, "here", classmethod(lambda _: Walls(files=0, network=False)))


@pytest.fixture
def back_up(vault: Vault, tools: ClientTools) -> Callable[[Source], Manifest]:
    """Give the backup of a source."""

    def make(source: Source) -> Manifest:
        manifest = Dumper(vault, RecordedEvents(), engines(tools)).dump(job(), source.database())
        assert manifest is not None
        return manifest

    return make
