"""What a container of AWS Batch is: AWS's own image of Lambda's Python, which becomes the job.

Batch has a container's argument, and no way to say what is to be started with it: the image's own
start is. That one takes a single argument, the name of a handler, and goes on to `bootstrap`, a
script of bash, if the address of Lambda's runtime is said. A bash that runs a script reads first
the file that BASH_ENV names. So ours has the Python of the image run the argument, in its place.
Source: `/lambda-entrypoint.sh` and `/var/runtime/bootstrap` of the image; "Bash Startup Files".
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pulumi_aws as aws

from snapper.values.container import REGISTRY, size_for

DIGEST = "sha256:c36ed8595ecf9a9e92fea72540fb04522924a9eda83649c5ed4c19c6f17add2d"
IMAGE = f"{REGISTRY}/lambda/python:3.13@{DIGEST}"
"""For both processors. To renew it, see "Databases of any size" in docs/large.md."""

PROCESSORS = {"arm64": "ARM64", "x86_64": "X86_64"}
START = Path(__file__).parents[1] / "functions" / "start.py"

LEAST_DISK_GB = 21
"""The least that can be asked for: enough for a dump, which flows by, and for the code."""

ENTRY = {
    "AWS_LAMBDA_RUNTIME_API": "none",
    "BASH_ENV": '$(printf %s "$SNAPPER_ENTRY" >/tmp/entry; echo /tmp/entry)',
    "SNAPPER_ENTRY": (
        "unset BASH_ENV AWS_LAMBDA_RUNTIME_API SNAPPER_ENTRY; "
        'exec /var/lang/bin/python3 -c "$_HANDLER"'
    ),
}
"""The variables by which the image's own start becomes ours."""


STUCK = timedelta(hours=6)
"""How long a container waits that Batch says cannot begin: longer than Fargate is without room."""

CANNOT_BEGIN = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
)
"""Of the reasons that Batch finds for a job that stays RUNNABLE, those by which it ends one.

Source: "Automatic remediation with jobStateTimeLimitActions" of Batch's guide,
docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html. It takes
no such action for other reasons, nor for a job that merely waits for its turn.
"""


def never_begins() -> list[aws.batch.JobQueueJobStateTimeLimitActionArgsDict]:
    """Have what blocks the queue ended: it fails, and so becomes a dead letter with the reason."""
    return [
        {
            "reason": reason,
            "state": "RUNNABLE",
            "max_time_seconds": int(STUCK.total_seconds()),
            "action": "CANCEL",
        }
        for reason in CANNOT_BEGIN
    ]


def container(
    *,
    architecture: str,
    environment: Mapping[str, str],
    log_group: str,
    region: str,
    roles: Sequence[str],
    public: bool,
    disk_gb: int = LEAST_DISK_GB,
) -> str:
    """Write the properties of a container as JSON; the roles are that of the job and of its start.

    The order is Batch's own, as far as it has one, so that what it tells is what was said.
    """
    size = size_for(1)
    job, start = roles
    said: dict[str, Any] = {
        "image": IMAGE,
        "command": [START.read_text()],
        "jobRoleArn": job,
        "executionRoleArn": start,
        "environment": [
            {"name": name, "value": value}
            for name, value in sorted({**ENTRY, **environment}.items())
        ],
        "resourceRequirements": [
            {"type": "VCPU", "value": str(size.vcpus)},
            {"type": "MEMORY", "value": str(size.memory_mb)},
        ],
        "ephemeralStorage": {"sizeInGiB": disk_gb},
        "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
        "runtimePlatform": {
            "operatingSystemFamily": "LINUX",
            "cpuArchitecture": PROCESSORS[architecture],
        },
        "networkConfiguration": {"assignPublicIp": "ENABLED" if public else "DISABLED"},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": "job",
            },
        },
    }
    return json.dumps(said, sort_keys=True)
