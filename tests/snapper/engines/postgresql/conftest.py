"""What the tests of trials share: a backup of a source, and a machine that can confine nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import PLAINLY, Restoration, RestoreOptions
from snapper.engines.postgresql.connecting import authorities as module
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.confined import Walls
from snapper.values.authorities import AMAZON, FOLDER
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore_as_new
from tests.support import canary
from tests.support.anew import OWNER, Anew, Owner
from tests.support.at_once import restore_at_once
from tests.support.certificates import Authority
from tests.support.databases import UNTENDED, Source, job
from tests.support.engines import engines, postgresql
from tests.support.rds import behind
from tests.support.recording import RecordedEvents
from tests.support.restores import plain_dump
from tests.support.shop import SHOP


@pytest.fixture
def no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the server as it is on a machine whose kernel can confine nothing."""
    monkeypatch.setattr(Walls, "here", classmethod(lambda _: Walls(files=0, network=False)))


@pytest.fixture(scope="session")
def extended(run_dir: Path) -> Iterator[Source]:
    """Give a server that has the extensions of these tests; only 18 finds any outside its own."""
    folder = Path(canary.__file__).with_name("extensions")
    path = {"extension_control_path": f"{folder}:$system", **UNTENDED}
    with PostgresServer(18, run_dir / "extended", settings=path, tcp=True) as server:
        yield Source(server, "postgres")


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
    folder = tmp_path / FOLDER
    folder.mkdir()
    made = Authority(tmp_path, "Amazon RDS eu-central-1 Root CA")
    (folder / AMAZON).write_bytes(made.file.read_bytes())
    monkeypatch.setattr(module, "SHIPPED", folder)
    return made


@pytest.fixture
def owner(source: Callable[..., Source]) -> Iterator[Owner]:
    """Give the connection of a plain role, that may make databases, to a database of a server."""
    made: list[Source] = []

    def of(near: Source, database: str = "") -> str:
        admin = replace(near, name="postgres")
        if admin not in made:
            made.append(admin)
            admin.run(f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD 'pw'")
        if database == near.name:
            admin.run(f'ALTER DATABASE "{database}" OWNER TO {OWNER}')
        return replace(near, name=database).as_role(OWNER, "pw")

    yield of
    for admin in made:
        for (name,) in admin.rows(
            f"SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = '{OWNER}'"
        ):
            admin.run(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.run(f"DROP ROLE {OWNER}")


@pytest.fixture(params=["in order", pytest.param("at once", marks=pytest.mark.long)])
def anew(request: pytest.FixtureRequest, dumper: Dumper, tools: ClientTools) -> Anew:
    """Back a database up and restore it as a new one, by one session or by several."""
    way = restore_as_new if request.param == "in order" else restore_at_once

    backups: dict[str, Manifest] = {}

    def go(made: Source, target: str, options: RestoreOptions = PLAINLY) -> Restoration:
        if made.name not in backups:
            stored = dumper.dump(job(), made.database())
            assert stored is not None
            backups[made.name] = stored
        backup = backups[made.name]
        return way(dumper.vault, backup, target, postgresql(tools), options=options)

    return go


@pytest.fixture(scope="session")
def shop(server: Callable[[int], PostgresServer]) -> Source:
    """Give a database whose tables need much; a test only reads it, or undoes what it did."""
    there = Source(server(18), "postgres").create("a shop of tables")
    there.run(SHOP)
    return there


@pytest.fixture(scope="session")
def shop_dump(shop: Source, tools: ClientTools) -> bytes:
    """Give pg_dump's own words on it."""
    return plain_dump(tools, 18, shop.dsn)
