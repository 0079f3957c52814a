"""What CodeDeploy may do for one service: with its listeners, task sets, roles and hooks, and with no neighbour's."""

from collections.abc import Sequence

from aws_cdk import Fn
from aws_cdk import aws_iam as iam
from constructs import Construct

from ._acknowledge import acknowledge_wildcards
from ._arns import OWN
from ._grants import Grants


def codedeploy_role(
    scope: Construct,
    construct_id: str,
    *,
    deployment_group_arn: str,
    service_arn: str,
    task_sets_arn: str,
    listener_arns: Sequence[str],
    passed_role_arns: Sequence[str],
    hook_arns: Sequence[str],
) -> iam.Role:
    """Define the role.

    Args:
        scope: Where.
        construct_id: Under which id.
        deployment_group_arn: The one deployment group for which CodeDeploy may use the role.
        service_arn: The service.
        task_sets_arn: All of its task sets.
        listener_arns: The listeners whose traffic it moves.
        passed_role_arns: The roles of the tasks that it starts.
        hook_arns: The functions that it calls.

    Returns:
        The role.
    """
    grants, rules = Grants(), [_rules_of(arn) for arn in listener_arns]
    task_sets = ("ecs:CreateTaskSet", "ecs:DeleteTaskSet", "ecs:UpdateServicePrimaryTaskSet")
    grants.add("ecs:DescribeServices", *task_sets, on=[service_arn, task_sets_arn])
    grants.add("elasticloadbalancing:ModifyListener", on=listener_arns)
    # AWS's own policy for CodeDeploy allows it everywhere; when it is used is not documented.
    grants.add("elasticloadbalancing:ModifyRule", on=rules)
    # None of these can be narrowed, and composite alarms are shown only to those who may see every alarm.
    grants.add(
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "cloudwatch:DescribeAlarms",
        on=["*"],
    )
    grants.add_passing_to_tasks(*passed_role_arns)
    if hook_arns:
        grants.add("lambda:InvokeFunction", on=hook_arns)
    role = iam.Role(
        scope,
        construct_id,
        description="CodeDeploy's role for one service",
        assumed_by=iam.ServicePrincipal(
            "codedeploy.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": OWN.account},
                "ArnEquals": {"aws:SourceArn": deployment_group_arn},
            },
        ),
        inline_policies={"Release": grants.document()},
    )
    acknowledge_wildcards(
        role,
        {
            "*": "Elastic Load Balancing and CloudWatch describe on all resources only",
            task_sets_arn: "each release makes a task set with a new id, all of this one service",
            **dict.fromkeys(rules, "a rule's id is known once it exists; the rules are those of this listener"),
        },
    )
    return role


def _rules_of(listener_arn: str) -> str:
    parts = Fn.split(":listener/", listener_arn)
    return f"{Fn.select(0, parts)}:listener-rule/{Fn.select(1, parts)}/*"
