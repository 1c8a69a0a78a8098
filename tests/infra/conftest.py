"""The program recorded once as it is by default, and once with everything optional."""

from collections.abc import Iterator

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from tests.support.pulumi import installation
from tests.support.pulumi.workspace import Workspace
from tests.support.recorder import Graph, record

KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"

BOUNDARY_ARN = "arn:aws:iam::123456789012:policy/snapper-boundary"


@pytest.fixture(scope="session")
def graph() -> Graph:
    return record()


@pytest.fixture(scope="session")
def full_graph() -> Graph:
    return record(
        stage="full",
        architecture="x86_64",
        kmsKeyArn=KEY_ARN,
        permissionsBoundary=BOUNDARY_ARN,
        subnetIds='["subnet-0b", "subnet-0a"]',
        securityGroupIds='["sg-0c"]',
        deleteBackupsOnDestroy="true",
        alarmEmail="operator@example.com",
        lateAfterHours="-1",
        noncurrentDays="30",
        maxConcurrency="2",
    )


@pytest.fixture(scope="session")
def workspace(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Give a workspace of Pulumi's real engine, where that is."""
    found = installation.need()
    directory = tmp_path_factory.mktemp("pulumi")
    with (
        LambdaHost(cloud, directory / "host") as host,
        Workspace.open(directory / "work", found, cloud, host) as opened,
    ):
        yield opened
