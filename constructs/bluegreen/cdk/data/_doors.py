"""Who may connect to what holds data: by reference to their security groups, never by address."""

from typing import cast

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


def closed_group(scope: Construct, vpc: ec2.IVpc, description: str) -> ec2.SecurityGroup:
    """Define a security group that lets nobody in and nothing out.

    Args:
        scope: Where.
        vpc: The network.
        description: What it protects.

    Returns:
        The group.
    """
    return ec2.SecurityGroup(scope, "SecurityGroup", vpc=vpc, description=description, allow_all_outbound=False)


def isolated_subnets(vpc: ec2.IVpc) -> list[str]:
    """Return the ids of the isolated subnets, at least two of them.

    Raises:
        ValueError: If there are fewer, which RDS and ElastiCache refuse.
    """
    found = [subnet.subnet_id for subnet in vpc.isolated_subnets]
    if len(found) < 2:  # noqa: PLR2004 - the least that a subnet group may have
        raise ValueError(
            f"vpc must have isolated subnets in at least two zones, got {len(found)}; add them, or import the VPC with "
            "its isolated_subnet_ids"
        )
    return found


def let_in(
    client: ec2.ISecurityGroup, construct_id: str, *, group: ec2.ISecurityGroup, port: int, description: str
) -> ec2.CfnSecurityGroupIngress:
    """Let the members of one security group into another.

    Args:
        client: Who comes; the rule belongs to its stack, so that the data's own stack knows nothing of who comes.
        construct_id: The rule's name below the client.
        group: What they come into.
        port: The TCP port.
        description: Who they are.

    Returns:
        The rule.
    """
    return ec2.CfnSecurityGroupIngress(
        cast("Construct", client),
        construct_id,
        group_id=group.security_group_id,
        source_security_group_id=client.security_group_id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=description,
    )
