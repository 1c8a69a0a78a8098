"""What the tests of trials share: a backup of a source, and a machine that can confine nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql import authorities as module
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.machine.confined import Walls
from snapper.values.authorities import AMAZON
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from tests.support.certificates import Authority
from tests.support.databases import Source, job
from tests.support.engines import engines
from tests.support.rds import behind
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


@pytest.fixture(scope="session")
def rds_door(run_dir: Path) -> Iterator[str]:
    """Give the socket of a server that asks nobody for a password, for a stand-in before it."""
    with behind(run_dir / "postgres-rds") as door:
        yield door


@pytest.fixture
def amazon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Give an authority that is taken for Amazon's own, as the deployment ships it."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    made = Authority(tmp_path, "Amazon RDS eu-central-1 Root CA")
    (folder / AMAZON).write_bytes(made.file.read_bytes())
    monkeypatch.setattr(module, "SHIPPED", folder)
    return made
