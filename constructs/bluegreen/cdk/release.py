"""The resource that a deploy waits for: its update brings the service to the version that the stack asks for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import CustomResource
from constructs import Construct

from .hooks import BoundHook
from .task import CONTAINER_NAME

if TYPE_CHECKING:
    from ._network import TaskNetwork
    from .service import BlueGreenService


class Release(Construct):
    """Custom::Release of one service.

    Attributes:
        resource: The custom resource.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: "BlueGreenService",
        cluster_name: str,
        network: "TaskNetwork",
        hooks: Sequence[BoundHook],
    ) -> None:
        super().__init__(scope, construct_id)
        traffic, task = service.traffic, service.task
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::Release",
            service_token=service.provider.function.function_arn,
            properties={
                "Application": service.application.name,
                "DeploymentGroup": service.deployment.deployment_group.ref,
                "Cluster": cluster_name,
                "Service": service.service_name,
                "TaskDefinition": task.task_definition.task_definition_arn,
                "ContainerName": CONTAINER_NAME,
                "ContainerPort": service.container_port,
                "Version": task.version,
                "ProductionListener": traffic.production_listener.listener_arn,
                "TargetGroups": [traffic.blue.target_group_arn, traffic.green.target_group_arn],
                "Hooks": {hook.event.value: hook.function.function_arn for hook in hooks},
                "HookLogGroups": {hook.event.value: hook.log_group.log_group_name for hook in hooks},
                "LogGroup": task.log_group.log_group_name,
                "NetworkConfiguration": {
                    "Subnets": list(network.subnet_ids),
                    "SecurityGroups": list(network.security_group_ids),
                    "AssignPublicIp": network.assign_public_ip,
                },
                "PlatformVersion": network.platform_version,
            },
        )
