"""Where tasks run."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2


@dataclass(frozen=True, kw_only=True)
class TaskNetwork:
    """The network settings of a service's tasks, in the API's terms.

    Args:
        subnet_ids: Subnets.
        security_group_ids: Security groups, the service's own first.
        assign_public_ip: "ENABLED" or "DISABLED".
        platform_version: The Fargate platform.
    """

    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]
    assign_public_ip: str
    platform_version: str

    @classmethod
    def choose(
        cls,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection | None,
        security_groups: Sequence[ec2.ISecurityGroup],
        *,
        assign_public_ip: bool,
        platform_version: str,
    ) -> "TaskNetwork":
        """Select the subnets: the given ones, else private ones with egress, or public ones for public addresses."""
        kind = ec2.SubnetType.PUBLIC if assign_public_ip else ec2.SubnetType.PRIVATE_WITH_EGRESS
        chosen = vpc.select_subnets(
            availability_zones=subnets.availability_zones if subnets else None,
            one_per_az=subnets.one_per_az if subnets else None,
            subnet_filters=subnets.subnet_filters if subnets else None,
            subnet_group_name=subnets.subnet_group_name if subnets else None,
            subnets=subnets.subnets if subnets else None,
            subnet_type=subnets.subnet_type if subnets else kind,
        )
        return cls(
            subnet_ids=chosen.subnet_ids,
            security_group_ids=[group.security_group_id for group in security_groups],
            assign_public_ip="ENABLED" if assign_public_ip else "DISABLED",
            platform_version=platform_version,
        )
