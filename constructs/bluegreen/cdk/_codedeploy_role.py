"""What CodeDeploy may do for one service: with its listeners, task sets, roles and hooks, and with no neighbour's."""

from collections.abc import Sequence

from aws_cdk import Aws, Fn
from aws_cdk import aws_iam as iam
from constructs import Construct

from ._arns import slash_arn


def codedeploy_role(
    scope: Construct,
    construct_id: str,
    *,
    deployment_group_arn: str,
    ecs_service: str,
    listener_arns: Sequence[str],
    passed_role_arns: Sequence[str],
    hook_arns: Sequence[str],
) -> iam.Role:
    """Define the role.

    Args:
        scope: Where.
        construct_id: Under which id.
        deployment_group_arn: The one deployment group for which CodeDeploy may use the role.
        ecs_service: The service as "cluster/service".
        listener_arns: The listeners whose traffic it moves.
        passed_role_arns: The roles of the tasks that it starts.
        hook_arns: The functions that it calls.

    Returns:
        The role.
    """
    statements = [
        _ecs_statement(scope, ecs_service),
        *_traffic_statements(listener_arns),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=list(passed_role_arns),
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]
    if hook_arns:
        statements.append(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=list(hook_arns)))
    return iam.Role(
        scope,
        construct_id,
        description="CodeDeploy's role for one service",
        assumed_by=iam.ServicePrincipal(
            "codedeploy.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                "ArnEquals": {"aws:SourceArn": deployment_group_arn},
            },
        ),
        inline_policies={"Release": iam.PolicyDocument(statements=statements)},
    )


def _ecs_statement(scope: Construct, ecs_service: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=["ecs:DescribeServices", "ecs:CreateTaskSet", "ecs:DeleteTaskSet", "ecs:UpdateServicePrimaryTaskSet"],
        resources=[
            slash_arn(scope, "ecs", "service", ecs_service),
            slash_arn(scope, "ecs", "task-set", f"{ecs_service}/*"),
        ],
    )


def _traffic_statements(listener_arns: Sequence[str]) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(actions=["elasticloadbalancing:ModifyListener"], resources=list(listener_arns)),
        iam.PolicyStatement(
            # AWS's own policy for CodeDeploy allows it everywhere; when it is used is not documented.
            actions=["elasticloadbalancing:ModifyRule"],
            resources=[_rules_of(arn) for arn in listener_arns],
        ),
        iam.PolicyStatement(
            # None of these can be narrowed, and composite alarms are shown only to those who may see every alarm.
            actions=[
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "cloudwatch:DescribeAlarms",
            ],
            resources=["*"],
        ),
    ]


def _rules_of(listener_arn: str) -> str:
    parts = Fn.split(":listener/", listener_arn)
    return Fn.join("", [Fn.select(0, parts), ":listener-rule/", Fn.select(1, parts), "/*"])
