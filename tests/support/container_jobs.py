"""Containers of a few lines of Python on the embedded cloud, as a deployment would define them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.container import container
from local.emulator.batch_jobs import RUNNER
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.batch import Batch, State
from snapper.values.container import Size
from tests.support.cloud import allow, document, eventually, write_zip
from tests.support.prepared import ARCHITECTURE

ECS = {"Service": "ecs-tasks.amazonaws.com"}


def make_container_role(cloud: Cloud, name: str, *statements: Mapping[str, Any]) -> str:
    """Make a role for containers that may do no more than the statements say; give its ARN."""
    iam = cloud.client("iam")
    trust = document({"Effect": "Allow", "Principal": ECS, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=document(*statements))
    return str(arn)


@dataclass(frozen=True)
class Defined:
    """A queue and a definition of one name, whose job is some source."""

    name: str
    queue: str
    definition: str
    batch: Batch
    host: LambdaHost

    def start(self, payload: str = "", name: str = "") -> str:
        """Submit a job; gives its id."""
        return self.batch.submit(payload, name or self.name, Size(1))

    def end(self, payload: str = "", name: str = "") -> State:
        """Submit a job and give how it ended."""
        return self.ended(self.start(payload, name))

    def ended(self, identifier: str) -> State:
        """Wait for the end of a job."""
        eventually(lambda: not self.batch.state(identifier).is_under_way)
        return self.batch.state(identifier)

    def said(self, name: str = "") -> str:
        """What jobs of the name have written."""
        return "\n".join(self.host.containers.logs(name or self.name))


def define(
    cloud: Cloud,
    host: LambdaHost,
    directory: Path,
    name: str,
    source: str,
    *rights: Mapping[str, Any],
    spoiled: bool = False,
    **settings: Any,
) -> Defined:
    """Make all that a deployment makes; in a `spoiled` one the zip of the code is another."""
    s3, bucket = cloud.client("s3"), f"{name}-code"
    s3.create_bucket(Bucket=bucket)
    code = write_zip(directory / f"{name}.zip", {"functions/job.py": source})
    tools = {"bin/tool": "#!/bin/sh\necho the tool works\n"}
    layer = write_zip(directory / f"{name}-opt.zip", tools, {"bin/tool": 0o100755})
    digests = []
    for archive in (code, layer):
        content = archive.read_bytes()
        digests.append(hashlib.sha256(content).hexdigest())
        body = b"another" if spoiled else content
        s3.put_object(Bucket=bucket, Key=f"{digests[-1]}.zip", Body=body)
    group = f"/aws/batch/{name}"
    cloud.client("logs").create_log_group(logGroupName=group)
    fetching = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    logging = allow(["logs:CreateLogStream", "logs:PutLogEvents"], "*")
    properties: dict[str, Any] = json.loads(
        container(
            architecture=ARCHITECTURE,
            environment={
                "SNAPPER_CLIENTS": "/opt",
                "SNAPPER_CODE_BUCKET": bucket,
                "SNAPPER_CODE": " ".join(digests),
            },
            log_group=group,
            region=cloud.region,
            roles=(
                make_container_role(cloud, f"{name}-job", fetching, *rights),
                make_container_role(cloud, f"{name}-start", logging),
            ),
            public=True,
        )
    )
    properties["environment"].append({"name": RUNNER, "value": host.containers.url})
    client = cloud.client("batch")
    queue = client.create_job_queue(
        jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=[]
    )["jobQueueArn"]
    definition = client.register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=properties, **settings
    )["jobDefinitionArn"]
    return Defined(name, queue, definition, Batch(queue, definition, client), host)
