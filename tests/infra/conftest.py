"""The program recorded once as it is by default, and once with everything optional."""

import pytest

from tests.support.recorder import Graph, record

KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"


@pytest.fixture(scope="session")
def graph() -> Graph:
    return record()


@pytest.fixture(scope="session")
def full_graph() -> Graph:
    return record(
        stage="full",
        architecture="x86_64",
        kmsKeyArn=KEY_ARN,
        subnetIds='["subnet-0b", "subnet-0a"]',
        securityGroupIds='["sg-0c"]',
        deleteBackupsOnDestroy="true",
        alarmEmail="operator@example.com",
        lateAfterHours="-1",
        noncurrentDays="30",
        maxConcurrency="2",
    )
