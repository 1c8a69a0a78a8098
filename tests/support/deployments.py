"""Deployments beside the fixture `stage`: quick ones, whose databases nobody serves."""

import json
import threading
from collections.abc import Sequence
from typing import Any

from local.deployment.deploy import Deployment, deploy
from local.deployment.resources import HANDLERS
from local.deployment.resources.request import Inputs, Request
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.machine.children import ROOT
from snapper.values.deployer import BOUNDARY, narrowed
from tests.support.cloud import document
from tests.support.prepared import ARCHITECTURE
from tests.support.rights import Statement

# Nobody listens there: the dumper can do all but dump.
NOWHERE = "postgresql://reader:hush@127.0.0.1:1/nothing"
SECRETS = {
    "DATABASE_CONN_STRINGS": f"orders,{NOWHERE},POSTGRES|people,{NOWHERE},POSTGRES",
    "BACKUP_STORAGE_DATA": "orders,2|people,3",
}


def bring_up(cloud: Cloud, host: LambdaHost, stage: str, **settings: str) -> Deployment:
    """Deploy the real program for this machine's processor; destroying takes everything along."""
    config = {
        **SECRETS,
        "architecture": ARCHITECTURE,
        "deleteBackupsOnDestroy": "true",
        **settings,
    }
    return deploy(cloud, host, ROOT, stage, config, ("RESTORE_CONN_STRINGS", "drillIdentity"))


def document_of(name: str, stage: str | None = None) -> dict[str, Any]:
    """Read one of the two policies of who deploys, as it is or for one stage."""
    whole: dict[str, Any] = json.loads((ROOT / "docs" / f"{name}.json").read_text())
    return whole if stage is None else narrowed(whole, stage)


def make_boundary(cloud: Cloud, stage: str | None = None) -> str:
    """Make the boundary as the account's administrator does once; give its ARN."""
    iam, name = cloud.client("iam"), BOUNDARY if stage is None else f"{BOUNDARY}-{stage}"
    arn = f"arn:aws:iam::{cloud.account}:policy/{name}"
    if arn not in [each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]]:
        text = json.dumps(document_of("boundary", stage))
        iam.create_policy(PolicyName=name, PolicyDocument=text)
    return arn


class Deployer(Cloud):
    """The same cloud for somebody who may do no more than a policy says; `may` sets the policy."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.__dict__.update(cloud.__dict__)
        self._cloud, self._name = cloud, name
        self._of_role: dict[str, Any] = {}
        self._one_at_a_time = threading.Lock()
        trust = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
        made = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        self.role = str(made["Role"]["Arn"])

    def may(self, *statements: Statement) -> None:
        """From now on this and no more is allowed."""
        self._cloud.client("iam").put_role_policy(
            RoleName=self._name, PolicyName="deploy", PolicyDocument=document(*statements)
        )

    def client(self, service: str, region: str | None = None) -> Any:
        name = f"{service} {region or self.region}"
        with self._one_at_a_time:
            if name not in self._of_role:
                self._of_role[name] = self._cloud.client_as(service, self.role, region)
            return self._of_role[name]

    def stop(self) -> None:
        """Close the connections; the cloud itself goes on."""
        for client in self._of_role.values():
            client.close()


def notify(cloud: Cloud, bucket: str, functions: Sequence[dict[str, Any]]) -> None:
    """Have S3 call these functions for what is made in the bucket, and no others."""
    inputs = Inputs({"bucket": bucket, "lambdaFunctions": list(functions)})
    HANDLERS["aws:s3/bucketNotification:BucketNotification"](
        Request("notification", inputs, cloud, None)  # type: ignore[arg-type]  # no host is asked
    )
