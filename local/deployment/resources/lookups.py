"""What the program may look up in AWS, by Pulumi's token of the call."""

from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.cloud import Cloud


def networks(cloud: Cloud, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Find networks by filters; none is an answer too."""
    found = cloud.client("ec2").describe_vpcs(Filters=_filters(asked))["Vpcs"]
    return {"ids": [each["VpcId"] for each in found]}


def subnets(cloud: Cloud, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Find subnets by filters."""
    found = cloud.client("ec2").describe_subnets(Filters=_filters(asked))["Subnets"]
    return {"ids": [each["SubnetId"] for each in found]}


def parameters(cloud: Cloud, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Read what is right below a path of Parameter Store; nothing is an answer too."""
    pages = cloud.client("ssm").get_paginator("get_parameters_by_path")
    asking = {"Path": asked["path"], "WithDecryption": asked["withDecryption"]}
    found = [each for page in pages.paginate(**asking) for each in page["Parameters"]]
    return {
        **asked,
        "names": [each["Name"] for each in found],
        "values": [each["Value"] for each in found],
        "types": [each["Type"] for each in found],
        "arns": [each["ARN"] for each in found],
    }


def _filters(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"Name": each["name"], "Values": each["values"]} for each in asked["filters"]]


LOOKUPS: Mapping[str, Callable[[Cloud, Mapping[str, Any]], dict[str, Any]]] = {
    "aws:ec2/getVpcs:getVpcs": networks,
    "aws:ec2/getSubnets:getSubnets": subnets,
    "aws:ssm/getParametersByPath:getParametersByPath": parameters,
}
