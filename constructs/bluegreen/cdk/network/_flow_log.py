"""The log of a VPC's traffic: who spoke to whom, and what was refused."""

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._arns import OWN
from bluegreen.cdk._grants import Grants


def define_flow_log(
    scope: Construct, vpc: ec2.Vpc, *, retention: logs.RetentionDays, key: kms.IKey | None
) -> logs.LogGroup:
    """Define a log of all traffic, accepted and refused.

    Args:
        scope: The network.
        vpc: Its VPC.
        retention: How long it is kept.
        key: What encrypts it; CloudWatch Logs' own key when None.

    Returns:
        The log group.
    """
    group = logs.LogGroup(
        scope, "FlowLogs", retention=retention, encryption_key=key, removal_policy=RemovalPolicy.DESTROY
    )
    if key is None:
        acknowledge(
            group,
            {"NIST.800.53.R5-CloudWatchLogGroupEncrypted": "no key was given, so CloudWatch Logs encrypts by its own"},
        )
    role = _role(scope, group)
    ec2.CfnFlowLog(
        scope,
        "FlowLog",
        resource_id=vpc.vpc_id,
        resource_type="VPC",
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_group_name=group.log_group_name,
        deliver_logs_permission_arn=role.role_arn,
    )
    return group


def _role(scope: Construct, group: logs.LogGroup) -> iam.Role:
    grants = Grants()
    grants.add("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", on=[group.log_group_arn])
    flow_logs = Fn.sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc-flow-log/*")
    return iam.Role(
        scope,
        "FlowLogRole",
        description="Writes the log of one VPC's traffic",
        assumed_by=iam.ServicePrincipal(
            "vpc-flow-logs.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": OWN.account}, "ArnLike": {"aws:SourceArn": flow_logs}},
        ),
        inline_policies={"Write": grants.document()},
    )
