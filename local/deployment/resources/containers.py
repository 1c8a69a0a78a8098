"""AWS Batch: where containers run, their queue, and what one is; and the network they are in."""

import json
from functools import partial
from typing import Any

from local.deployment.resources.request import Created, Handler, Request
from local.emulator.batch_jobs import RUNNER


def compute_environment(request: Request) -> Created:
    """Make where containers run."""
    client, inputs, name = request.cloud.client("batch"), request.inputs, request.physical_name()
    made = client.create_compute_environment(
        computeEnvironmentName=name,
        computeResources=resources(inputs["computeResources"]),
        **inputs.take(type="type", state="state", tags="tags"),
    )

    def destroy() -> None:
        client.update_compute_environment(computeEnvironment=name, state="DISABLED")
        client.delete_compute_environment(computeEnvironment=name)

    arn = made["computeEnvironmentArn"]
    return Created(name, destroy, {"arn": arn, "name": name, "status": "VALID"})


def resources(given: dict[str, Any]) -> dict[str, Any]:
    """Spell the resources of an environment as Batch does."""
    named = {"maxVcpus": "maxvCpus", "minVcpus": "minvCpus"}
    return {named.get(key, key): value for key, value in given.items()}


def job_queue(request: Request) -> Created:
    """Make a queue of containers."""
    client, inputs, name = request.cloud.client("batch"), request.inputs, request.physical_name()
    made = client.create_job_queue(
        jobQueueName=name,
        computeEnvironmentOrder=inputs["computeEnvironmentOrders"],
        **inputs.take(
            state="state",
            priority="priority",
            jobStateTimeLimitActions="jobStateTimeLimitActions",
            tags="tags",
        ),
    )

    def destroy() -> None:
        client.update_job_queue(jobQueue=name, state="DISABLED")
        client.delete_job_queue(jobQueue=name)

    arn = made["jobQueueArn"]
    return Created(arn, destroy, {"arn": arn, "name": name})


def job_definition(request: Request) -> Created:
    """Say what a container is; the emulator alone learns where it is run."""
    client, inputs, name = request.cloud.client("batch"), request.inputs, request.physical_name()
    said = json.loads(inputs["containerProperties"])
    told = {"name": RUNNER, "value": request.host.containers.url}
    retries = inputs.get("retryStrategy", {})
    spelled = {"evaluateOnExits": "evaluateOnExit"}
    made = client.register_job_definition(
        jobDefinitionName=name,
        containerProperties={**said, "environment": [*said["environment"], told]},
        retryStrategy={spelled.get(key, key): value for key, value in retries.items()},
        **inputs.take(
            type="type",
            platformCapabilities="platformCapabilities",
            timeout="timeout",
            propagateTags="propagateTags",
            tags="tags",
        ),
    )
    arn = made["jobDefinitionArn"]
    outputs = {"arn": arn, "arnPrefix": arn.rpartition(":")[0], "revision": made["revision"]}
    return Created(arn, partial(client.deregister_job_definition, jobDefinition=arn), outputs)


def security_group(request: Request) -> Created:
    """Make a group with exactly the rules that are given: a new one lets everything out."""
    client, inputs, name = request.cloud.client("ec2"), request.inputs, request.physical_name()
    tags = [{"ResourceType": "security-group", "Tags": inputs.tags()}]
    made = client.create_security_group(
        GroupName=name,
        TagSpecifications=tags,
        **inputs.take(Description="description", VpcId="vpcId"),
    )["GroupId"]
    (there,) = client.describe_security_groups(GroupIds=[made])["SecurityGroups"]
    if usual := there["IpPermissionsEgress"]:
        client.revoke_security_group_egress(GroupId=made, IpPermissions=usual)
    client.authorize_security_group_egress(
        GroupId=made, IpPermissions=[_rule(rule) for rule in inputs["egress"]]
    )
    return Created(made, partial(client.delete_security_group, GroupId=made), {"name": name})


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "IpProtocol": rule["protocol"],
        "FromPort": rule["fromPort"],
        "ToPort": rule["toPort"],
        "IpRanges": [{"CidrIp": each} for each in rule.get("cidrBlocks", [])],
        "Ipv6Ranges": [{"CidrIpv6": each} for each in rule.get("ipv6CidrBlocks", [])],
    }


HANDLERS: dict[str, Handler] = {
    "aws:batch/computeEnvironment:ComputeEnvironment": compute_environment,
    "aws:batch/jobQueue:JobQueue": job_queue,
    "aws:batch/jobDefinition:JobDefinition": job_definition,
    "aws:ec2/securityGroup:SecurityGroup": security_group,
}
