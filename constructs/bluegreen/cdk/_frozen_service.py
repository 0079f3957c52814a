"""The ECS service, written so that it never changes again.

CloudFormation sends every property of a service with any change, and ECS refuses most of them while CodeDeploy is in
control. So one changed property, even a tag, fails the stack. Everything that may change travels elsewhere: the task
definition, the network and the platform version with each release, the number of tasks with autoscaling.
"""

from collections.abc import Sequence

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct, IDependable

from ._network import TaskNetwork
from .task import CONTAINER_NAME

GRACE_SECONDS = 120
"""How long a new task may be unhealthy before ECS replaces it; a release waits for health whatever this is."""


def frozen_service(
    scope: Construct,
    construct_id: str,
    *,
    cluster: ecs.ICluster,
    service_name: str | None,
    family: str,
    container_port: int,
    target_group: elbv2.IApplicationTargetGroup,
    network: TaskNetwork,
    after: Sequence[IDependable],
) -> ecs.CfnService:
    """Define the service.

    Args:
        scope: Where.
        construct_id: Under which id.
        cluster: The cluster.
        service_name: Its name; CloudFormation makes one when None.
        family: The task definition's family. Not a revision: ECS takes the newest at creation, and no later one shows.
        container_port: The port that the target group reaches.
        target_group: The target group that serves first.
        network: Where the first tasks start.
        after: What must exist before.

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
        health_check_grace_period_seconds=GRACE_SECONDS,
        enable_ecs_managed_tags=True,
        propagate_tags="TASK_DEFINITION",  # whose tags can change; the service's own never can
        load_balancers=[
            {
                "containerName": CONTAINER_NAME,
                "containerPort": container_port,
                "targetGroupArn": target_group.target_group_arn,
            }
        ],
        network_configuration={
            "awsvpcConfiguration": {
                "subnets": list(network.subnet_ids),
                "securityGroups": list(network.security_group_ids),
                "assignPublicIp": network.assign_public_ip,
            }
        },
    )
    # Tags of the app or the stack would appear here as well, and change.
    service.add_property_deletion_override("Tags")
    service.node.add_dependency(*after)
    return service
