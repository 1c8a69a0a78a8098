"""The deployed pruner counts by rules in the time zone of the stage, and leaves pins alone."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from local.deployment.deploy import Deployment
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.vault import Vault
from snapper.values.keys import Kind
from snapper.values.pin import FOREVER, Pin
from snapper.verbs.catalog import holding_at, holdings
from snapper.verbs.keep import pin
from tests.support.backups import store
from tests.support.cloud import eventually, invoke
from tests.support.deployments import bring_up
from tests.support.events import made

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:.* has been deprecated in favor of"),
]


@pytest.fixture
def deployed(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as host:
        deployment = bring_up(
            cloud,
            host,
            "kept",
            BACKUP_STORAGE_DATA="orders,last=1 daily=3|people,3",
            timeZone="America/New_York",
        )
        yield deployment
        deployment.destroy()


def test_it_prunes_by_rules_in_the_time_zone_and_not_what_is_pinned(
    cloud: Cloud, deployed: Deployment
) -> None:
    vault = Vault(deployed.outputs["bucket"], cloud.client("s3"))
    times = [
        datetime(2026, 11, *at, tzinfo=UTC)
        # In New York 3:00 of the 23rd is still the 22nd.
        for at in ((23, 3), (22, 23), (22, 12), (21, 12), (20, 12), (19, 12))
    ]
    for at in times[1:]:
        store(vault, at)
    pin(vault, holding_at(vault, "orders", times[2]), Pin(FOREVER, "why", "me", times[0]))
    manifest = store(vault, times[0])
    # S3 has called it too.
    invoke(cloud, deployed.outputs["pruner"], made(vault.bucket, manifest.key))

    def left() -> list[datetime]:
        return [
            each.taken_at for each in holdings(vault, "orders") if Kind.MANIFEST in each.objects
        ]

    eventually(lambda: len(left()) == 4)
    assert left() == [times[0], times[2], times[3], times[4]]
