"""The ECS service and its target groups, written so that they never change again.

CloudFormation sends every property of a service with any change, and ECS refuses most of them while CodeDeploy is in
control. So one changed property, even a tag, fails the stack. A target group's health check would change under the live
version, which may not know the new path yet. Everything that may change travels elsewhere: task definition, network,
platform, capacity and health check with each release, the number of tasks with autoscaling. What these resources need
and may be asked to change comes from Custom::DeployedState, which keeps the values of their creation.
"""

from collections.abc import Sequence

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct, IDependable

from .deployed_state import DeployedState
from .task import CONTAINER_NAME

_GRACE_SECONDS = 120
"""Until Custom::Release sets what the service asks for."""


def frozen_service(
    scope: Construct,
    construct_id: str,
    *,
    cluster: ecs.ICluster,
    service_name: str | None,
    family: str,
    target_group_arn: str,
    deployed_state: DeployedState,
    after: Sequence[IDependable],
    enable_execute_command: bool = False,
) -> ecs.CfnService:
    """Define the service, without tasks: Custom::Release starts the first ones, and says why when they fail.

    Args:
        scope: Where.
        construct_id: Under which id.
        cluster: The cluster.
        service_name: Its name; CloudFormation makes one when None.
        family: The task definition's family. Not a revision: ECS takes the newest at creation, and no later one shows.
        target_group_arn: The target group that serves first.
        deployed_state: Keeps network and port of the first tasks.
        after: What must exist before.
        enable_execute_command: Whether its tasks may be entered; never stated when not, as before that could be asked.

    Returns:
        The service.
    """
    service = ecs.CfnService(
        scope,
        construct_id,
        cluster=cluster.cluster_arn,
        service_name=service_name,
        task_definition=family,
        deployment_controller={"type": "CODE_DEPLOY"},
        launch_type="FARGATE",
        scheduling_strategy="REPLICA",
        desired_count=0,
        health_check_grace_period_seconds=_GRACE_SECONDS,
        enable_ecs_managed_tags=True,
        enable_execute_command=enable_execute_command or None,
        propagate_tags="TASK_DEFINITION",  # whose tags can change; the service's own never can
        load_balancers=[
            {
                "containerName": CONTAINER_NAME,
                "containerPort": deployed_state.first_container_port(),
                "targetGroupArn": target_group_arn,
            }
        ],
        network_configuration={"awsvpcConfiguration": deployed_state.first_network()},
    )
    # Tags of the app or the stack would appear here as well, and change.
    service.add_property_deletion_override("Tags")
    service.node.add_dependency(*after)
    return service


def frozen_target_group(scope: Construct, construct_id: str, *, vpc_id: str) -> elbv2.CfnTargetGroup:
    """Define a target group.

    Args:
        scope: Where.
        construct_id: Under which id.
        vpc_id: The tasks' VPC.

    Returns:
        The target group, with AWS's default health check until Custom::Release sets the version's own.
    """
    group = elbv2.CfnTargetGroup(
        scope,
        construct_id,
        vpc_id=vpc_id,
        port=80,  # for targets registered without a port; ECS registers each task with its container's port
        protocol="HTTP",
        target_type="ip",
    )
    group.add_property_deletion_override("Tags")
    return group
