"""The deployed dumper comes in by a secret, and verifies by authorities deployed beside it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from local.deployment.deploy import Deployment
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.vault import Vault
from snapper.verbs.catalog import listing
from tests.support.certificates import Authority
from tests.support.cloud import invoke
from tests.support.databases import AT, job
from tests.support.deployments import bring_up
from tests.support.events import delivery, record
from tests.support.rds import Rds, behind

pytestmark = pytest.mark.filterwarnings("ignore:.* has been deprecated in favor of")


@pytest.fixture(scope="module")
def rds(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Rds]:
    own = Authority(tmp_path_factory.mktemp("own"), "our own")
    with (
        behind(run_dir / "postgres-behind") as door,
        Rds(door, own, lambda _, password, __: password == "s3cr3t") as started,
    ):
        yield started


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, rds: Rds, host: LambdaHost) -> Iterator[Deployment]:
    manager = cloud.client("secretsmanager")
    mine = manager.create_secret(Name="orders", SecretString=kept("s3cr3t"))["ARN"]
    where = rds.connection("backup", "postgres")
    options = {"orders": {"secret": mine, "caBundle": str(rds.authority.file)}}
    deployment = bring_up(
        cloud,
        host,
        "trust",
        DATABASE_CONN_STRINGS=f"orders,{where},POSTGRES",
        BACKUP_STORAGE_DATA="orders,2",
        databases=json.dumps(options),
    )
    yield deployment
    deployment.destroy()


def kept(password: str) -> str:
    """Write a password as RDS keeps it."""
    return json.dumps({"username": "master", "password": password})


@pytest.mark.long
def test_a_password_that_is_refused_is_in_no_log(
    cloud: Cloud, host: LambdaHost, deployed: Deployment
) -> None:
    manager = cloud.client("secretsmanager")
    manager.put_secret_value(SecretId="orders", SecretString=kept("wr0ng-hush"))
    try:
        event = delivery(record(job(AT - timedelta(days=1)).to_json()))
        answer = invoke(cloud, deployed.outputs["dumper"], event)
    finally:
        manager.put_secret_value(SecretId="orders", SecretString=kept("s3cr3t"))
    assert len(answer["batchItemFailures"]) == 1
    log = "\n".join(host.logs(deployed.outputs["dumper"]))
    assert "PAM authentication failed" in log
    assert "hush" not in log
    assert "s3cr3t" not in log


@pytest.mark.long
def test_a_backup_is_made_with_the_secrets_password(cloud: Cloud, deployed: Deployment) -> None:
    event = delivery(record(job().to_json()))
    assert invoke(cloud, deployed.outputs["dumper"], event) == {"batchItemFailures": []}
    (made,) = listing(Vault(deployed.outputs["bucket"], cloud.client("s3")), "orders")
    assert made.manifest
    assert made.manifest.encrypted_connection


@pytest.mark.long
def test_doctor_says_by_whom_the_server_is_verified(cloud: Cloud, deployed: Deployment) -> None:
    found = invoke(cloud, deployed.outputs["dumper"], {"doctor": ["orders"]})["orders"]
    told = {each["subject"]: (each["level"], each["fact"]) for each in found}
    assert told["connection"][0] == told["rights"][0] == "ok"
    assert "issued by our own" in told["certificate"][1]
    assert "our own ends first" in told["authorities"][1]
    assert "verification" not in told


def test_the_dumper_reads_no_other_secret(cloud: Cloud, deployed: Deployment) -> None:
    other = cloud.client("secretsmanager").create_secret(Name="other", SecretString="hush")["ARN"]
    role = cloud.client("lambda").get_function(FunctionName=deployed.outputs["dumper"])
    client = cloud.client_as("secretsmanager", role["Configuration"]["Role"])
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.get_secret_value(SecretId=other)
