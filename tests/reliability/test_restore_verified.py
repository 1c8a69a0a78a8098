"""A container that restores verifies its target by the authorities that were deployed beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra import authorities
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from tests.support.certificates import Authority
from tests.support.cloud import eventually
from tests.support.databases import Source
from tests.support.deployments import bring_up
from tests.support.rds import Rds, behind
from tests.support.stage import StageUnderTest

NAME = "trusting"
PASSWORD = "quiet9"


def anybody(*_: object) -> bool:
    return True


@pytest.fixture(scope="module")
def trusting(
    cloud: Cloud,
    server: Callable[[int], PostgresServer],
    tmp_path_factory: pytest.TempPathFactory,
    run_dir: Path,
) -> Iterator[StageUnderTest]:
    """Give a stage with targets that Amazon's authorities verify, the stage's own, and neither."""
    place = tmp_path_factory.mktemp(NAME)
    amazon, own, strange = (Authority(place, name) for name in ("amazons", "own", "stranger"))
    with (
        behind(run_dir / "postgres-verified") as door,
        Rds(door, amazon, anybody) as rds,
        Rds(door, own, anybody) as company,
        Rds(door, strange, anybody) as stranger,
        LambdaHost(cloud, place / "host") as host,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(authorities, "amazon", lambda: amazon.file)
        more = f"sslmode=verify-full password={PASSWORD}"
        elsewhere = f"host=127.0.0.1 port={company.port} user=backup dbname=own"
        rows = {
            "rds": rds.connection("backup", "copy", more),
            "own": f"{elsewhere} sslmode=verify-ca password={PASSWORD}",
            "stranger": stranger.connection("backup", "other", more),
        }
        targets = "|".join(f"{key},{dsn},POSTGRES" for key, dsn in rows.items())
        deployment = bring_up(
            cloud,
            host,
            NAME,
            largeDatabases="true",
            caBundle=str(own.file),
            RESTORE_CONN_STRINGS=targets,
        )
        yield StageUnderTest(cloud, host, deployment, server, NAME)
        deployment.destroy()


@pytest.mark.long
def test_amazons_and_the_stages_own_authorities_verify_targets_and_a_stranger_is_refused(
    trusting: StageUnderTest, source: Callable[..., Source]
) -> None:
    original = source(14, "CREATE TABLE orders AS SELECT 1 AS number")
    with trusting.database("seen", original.dsn) as key:
        trusting.back_up(key)
        order = ("restore", key, "--in-cloud", "--create", "--no-owner", "--no-privileges")
        for into, code, words in (
            ("rds", 0, ""),
            ("own", 0, ""),
            ("stranger", 6, "certificate verify failed"),
        ):
            ran = trusting.run_cli(*order, "--into", into)
            assert (ran.code, words in ran.err) == (code, True), ran.err
            assert PASSWORD not in ran.out + ran.err
        # Its dead letter comes a moment later.
        eventually(lambda: trusting.run_cli("failures", key, "--discard").code == 0)
