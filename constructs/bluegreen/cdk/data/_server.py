"""What every PostgreSQL server has beside itself: subnets, parameters, logs that end, and a role for its monitoring."""

from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._arns import OWN

from ._doors import isolated_subnets
from .engine import Engine

PORT = 5432
MONITORING_SECONDS = 60
CA_CERTIFICATE = "rds-ca-rsa2048-g1"
_SLOW_MILLISECONDS = 1000
_STANDARD_DAYS = 7
_ADVANCED_DAYS = 465  # the only retention that the advanced mode has


def parameters_of(engine: Engine, further: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a server.

    Args:
        engine: Its version and size.
        further: What the user sets beside them or instead.

    Returns:
        Value by name.

    Raises:
        ValueError: If connections without TLS would be let in.
    """
    if further.get("rds.force_ssl", "1") != "1":
        raise ValueError(f'parameters must leave rds.force_ssl at "1", got {further["rds.force_ssl"]!r}; use TLS')
    return {
        "rds.force_ssl": "1",
        "max_connections": str(engine.max_connections),
        "log_min_duration_statement": str(_SLOW_MILLISECONDS),
        "log_statement": "ddl",
        "log_lock_waits": "1",
        **further,
    }


def subnet_group(scope: Construct, vpc: ec2.IVpc) -> rds.CfnDBSubnetGroup:
    """Define the group of the network's isolated subnets."""
    return rds.CfnDBSubnetGroup(
        scope,
        "Subnets",
        db_subnet_group_description=f"Isolated subnets of {scope.node.path}",
        subnet_ids=isolated_subnets(vpc),
    )


def monitoring_role(scope: Construct) -> iam.CfnRole:
    """Define the role by which RDS writes the operating system's figures into CloudWatch Logs."""
    role = iam.CfnRole(
        scope,
        "MonitoringRole",
        description=f"Enhanced monitoring of {scope.node.path}",
        assume_role_policy_document={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                    "Condition": {"StringEquals": {"aws:SourceAccount": OWN.account}},
                }
            ],
        },
        managed_policy_arns=[f"arn:{OWN.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"],
    )
    policy = "Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    reason = "RDS names this policy for its monitoring; it writes to the log groups of RDS alone"
    acknowledge(role, {f"AwsSolutions-IAM4[{policy}]": reason})
    return role


def log_groups(
    scope: Construct, place: str, kinds: Sequence[str], *, retention: logs.RetentionDays, key: kms.IKey | None
) -> list[logs.LogGroup]:
    """Define the log groups that RDS would otherwise make itself, and keep everything in for ever.

    Args:
        scope: Where.
        place: "instance/" or "cluster/" and the identifier.
        kinds: Which logs are exported.
        retention: How long they are kept.
        key: What they are encrypted with; CloudWatch's own when None.

    Returns:
        The groups, which must be there before the server is.
    """
    return [
        logs.LogGroup(
            scope,
            f"{kind.capitalize()}Log",
            log_group_name=f"/aws/rds/{place}/{kind}",
            retention=retention,
            encryption_key=key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        for kind in kinds
    ]


def insights_mode(*, advanced: bool) -> str:
    """Return the mode of Database Insights."""
    return "advanced" if advanced else "standard"


def insights_days(*, advanced: bool) -> int:
    """Return how long Database Insights keeps query statistics, in days."""
    return _ADVANCED_DAYS if advanced else _STANDARD_DAYS


def acknowledge_server(scope: Construct, *, multi_az: bool, protected: bool) -> None:
    """Say why a server is as it is.

    Args:
        scope: The server's construct.
        multi_az: Whether it has a standby.
        protected: Whether it refuses deletion.
    """
    reasons: dict[str, str] = {}
    if not multi_az:
        reasons |= {
            "AwsSolutions-RDS3": "its owner chose to wait for a restart or a restore rather than pay for a standby",
            "NIST.800.53.R5-RDSMultiAZSupport": "no standby was asked for: it may be down for a while",
        }
    if not protected:
        reasons |= {
            "AwsSolutions-RDS10": "it was declared to hold nothing that must outlive its stack",
            "NIST.800.53.R5-RDSInstanceDeletionProtectionEnabled": "whoever deletes this environment's stack means "
            "its data as well",
        }
    acknowledge(scope, reasons)
