"""The program recorded once as it is by default, and once with everything optional."""

import json
from collections.abc import Iterator

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from tests.support.certificates import Authority
from tests.support.pulumi import installation
from tests.support.pulumi.workspace import Workspace
from tests.support.recorder import RESTORING, Graph, record

KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"

SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:people-AbCdEf"
RDS = "orders.c0ffee.eu-west-1.rds.amazonaws.com"
BOUNDARY_ARN = "arn:aws:iam::123456789012:policy/snapper-boundary"


@pytest.fixture(scope="session")
def graph() -> Graph:
    return record()


@pytest.fixture(scope="session")
def signing_graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The program with databases that AWS gives the passwords of, and an authority of one's own."""
    own = Authority(tmp_path_factory.mktemp("own"), "own").file
    options = {
        "orders": {"auth": "rds-iam"},
        "people": {"secret": SECRET_ARN},
        "stock": {"caBundle": str(own)},
    }
    connections = (
        f"orders,postgresql://backup@{RDS}/orders?sslmode=verify-full,POSTGRES"
        "|people,postgresql://reader@db.example.com/people?sslmode=require,POSTGRES"
        "|stock,postgresql://reader:x@db.example.com/stock?sslmode=verify-full,POSTGRES"
    )
    return record(
        DATABASE_CONN_STRINGS=connections,
        BACKUP_STORAGE_DATA="orders,7|people,2|stock,3",
        databases=json.dumps(options),
    )


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
        timeZone="Europe/Berlin",
        maxConcurrency="2",
        tamperEvident="true",
    )


@pytest.fixture(scope="session")
def kept_graph() -> Graph:
    """The program with all that keeps backups from whoever wants them gone."""
    return record(
        objectLock=json.dumps({"mode": "governance", "days": 30}),
        permissionsBoundary=BOUNDARY_ARN,
        **RESTORING,
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
