"""The functions of this library: small, on the newest runtime, with JSON logs and the role that they are given."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from ._durations import seconds
from ._lambda_assets import lambda_code

_RUNTIME = lambda_.Runtime.PYTHON_3_14
"""The newest generally available; it brings boto3, urllib3 and jmespath."""
_ARM = lambda_.Architecture.ARM_64


def small_function(
    scope: Construct,
    construct_id: str,
    *,
    family: str,
    handler: str,
    description: str,
    timeout_seconds: int,
    role: iam.IRole,
    log_group: logs.ILogGroup,
    environment: Mapping[str, str],
    vpc: ec2.IVpc | None = None,
    subnets: ec2.SubnetSelection | None = None,
    security_group: ec2.ISecurityGroup | None = None,
) -> lambda_.Function:
    """Define a function.

    Args:
        scope: Where.
        construct_id: Under which id.
        family: The folder of `lambdas/` that holds its code.
        handler: The handler in that folder, as "module.function".
        description: What it does, for people.
        timeout_seconds: Its time limit, 1-900 seconds.
        role: What it may do.
        log_group: Where it logs.
        environment: Its variables.
        vpc: The VPC that it runs in; outside any VPC when omitted.
        subnets: The subnets there.
        security_group: Its security group there.

    Returns:
        The function.
    """
    function = lambda_.Function(
        scope,
        construct_id,
        code=lambda_code(family),
        handler=handler,
        description=description,
        timeout=seconds(timeout_seconds),
        runtime=_RUNTIME,
        architecture=_ARM,
        memory_size=256,
        role=role,
        log_group=log_group,
        logging_format=lambda_.LoggingFormat.JSON,
        environment=dict(environment),
        vpc=vpc,
        vpc_subnets=subnets,
        security_groups=[security_group] if security_group else None,
    )
    # The CDK makes a function wait for its role, which the reference to the role already does, as cfn-lint points out.
    rendered = cast("lambda_.CfnFunction", function.node.default_child)
    rendered.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
    return function


def call_by_events(
    scope: Construct,
    construct_id: str,
    function: lambda_.IFunction,
    *,
    description: str,
    pattern: Mapping[str, object] | None = None,
    schedule: str | None = None,
) -> tuple[events.CfnRule, lambda_.CfnPermission]:
    """Let EventBridge call a function.

    Args:
        scope: Where.
        construct_id: The rule's name there; the permission's is the same with "Permission".
        function: The function.
        description: What for, for people.
        pattern: Which events call it.
        schedule: When it is called, as EventBridge writes schedules.

    Returns:
        The rule, and what lets it call the function.
    """
    arn = function.function_arn
    rule = events.CfnRule(
        scope,
        construct_id,
        description=description,
        event_pattern=pattern,
        schedule_expression=schedule,
        targets=[{"arn": arn, "id": "Function"}],
    )
    permission = lambda_.CfnPermission(
        scope,
        f"{construct_id}Permission",
        action="lambda:InvokeFunction",
        function_name=arn,
        principal="events.amazonaws.com",
        source_arn=rule.attr_arn,
    )
    return rule, permission
