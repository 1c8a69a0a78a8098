"""Where containers run: in the operator's subnets, or in the default network of the account.

The default network has public subnets alone: a container there has a public address, by which it
reaches the registry of its image, S3 and databases outside. Nobody reaches it: its security group
lets nothing in.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.scope import Scope


@dataclass(frozen=True)
class Network:
    """Subnets and security groups, and whether who runs there gets a public address."""

    subnet_ids: list[str]
    security_group_ids: list[pulumi.Input[str]]
    public: bool


def network_of(
    name: str,
    subnet_ids: tuple[str, ...],
    security_group_ids: tuple[str, ...],
    scope: Scope,
    part: str,
    ports: tuple[int, int] | None,
    parent: pulumi.Resource,
) -> Network:
    """Give the operator's network, or the default one with a security group of our own.

    There a container goes out to every port, or to those from the first to the last alone.
    """
    if subnet_ids:
        return Network(sorted(subnet_ids), [*sorted(security_group_ids)], public=False)
    vpc, subnets = _default()
    group = aws.ec2.SecurityGroup(
        f"{name}-group",
        name=scope.name(part),
        description="Snapper: containers for large databases; nothing comes in",
        vpc_id=vpc,
        egress=[
            {
                "protocol": "tcp" if ports else "-1",
                "from_port": ports[0] if ports else 0,
                "to_port": ports[1] if ports else 0,
                "cidr_blocks": ["0.0.0.0/0"],
                "ipv6_cidr_blocks": ["::/0"],
            }
        ],
        tags=scope.tags,
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    return Network(subnets, [group.id], public=True)


def _default() -> tuple[str, list[str]]:
    """Look up the default network and its subnets; raise RunError if there is none."""
    found = aws.ec2.get_vpcs(filters=[{"name": "isDefault", "values": ["true"]}]).ids
    if found:
        where: list[aws.ec2.GetSubnetsFilterArgsDict] = [
            {"name": "vpc-id", "values": found},
            {"name": "default-for-az", "values": ["true"]},
        ]
        if subnets := aws.ec2.get_subnets(filters=where).ids:
            return found[0], sorted(subnets)
    raise pulumi.RunError(
        "largeDatabases is set, but the account has no default network (VPC) in this region\n"
        "set subnetIds and securityGroupIds: subnets with a way to the internet, for the image"
    )
