"""The resource that a deploy waits for: its update brings the service to the version that the stack asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import CfnResource, CustomResource
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.release.observation import WhenBusy
from bluegreen.release.rollout import Rollout

from .health_check import HealthCheck
from .hooks import BoundHook
from .ignored_alarms import IgnoredAlarms
from .task import CONTAINER_NAME

if TYPE_CHECKING:
    from ._network import TaskNetwork
    from .service import BlueGreenService


@dataclass(frozen=True, kw_only=True)
class ReleaseSettings:
    """How the releases of a service go; the arguments of `BlueGreenService` of the same names say what each means.

    Args:
        rollout: How traffic moves.
        health_check: What the load balancer asks of a task.
        deregistration_seconds: How long a task that leaves may finish its requests.
        grace_seconds: How long a new task may be unhealthy.
        start_minutes: How long tasks may take to become healthy.
        min_tasks: How many tasks the first version starts.
        capacity_providers: What the tasks run on.
        ignore_red_alarms: Why one version may be released although alarms are red.
        when_busy: What happens to another release under way.
        notifications: Where the outcome is told.
        hands_on: Whether CloudFormation stops waiting before the release has ended.
    """

    rollout: Rollout
    health_check: HealthCheck
    deregistration_seconds: int
    grace_seconds: int
    start_minutes: int
    min_tasks: int
    capacity_providers: Sequence[ecs.CapacityProviderStrategy]
    ignore_red_alarms: IgnoredAlarms | None
    when_busy: WhenBusy
    notifications: sns.ITopic | None
    hands_on: bool

    def to_properties(self) -> dict[str, object]:
        """Return the settings as Custom::Release states them; what is None or empty is absent."""
        override, topic = self.ignore_red_alarms, self.notifications
        stated: dict[str, object] = {
            "HealthCheck": self.health_check.to_properties(),
            "DeregistrationSeconds": self.deregistration_seconds,
            "GraceSeconds": self.grace_seconds,
            "StartSeconds": 60 * self.start_minutes,
            "MinTasks": self.min_tasks,
            "CapacityProviderStrategy": [
                {"CapacityProvider": one.capacity_provider, "Base": one.base or 0, "Weight": one.weight or 0}
                for one in self.capacity_providers
            ],
            "AlarmOverride": {"Version": override.version, "Reason": override.reason} if override else None,
            "WhenBusy": self.when_busy.value,
            "Notifications": topic.topic_arn if topic else None,
            "HandsOn": "true" if self.hands_on else None,
            "ApprovalMinutes": self.rollout.approval_wait_minutes,
        }
        return {name: value for name, value in stated.items() if value is not None and value != []}


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
        alarm_names: Sequence[str],
        hooks: Sequence[BoundHook],
        settings: ReleaseSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        traffic, task = service.traffic, service.task
        production_listener_arn, test_listener_arn = traffic.listener_arns
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
                "ProductionListener": production_listener_arn,
                "TestListener": test_listener_arn,
                "Listeners": traffic.listener_properties,
                "TargetGroups": list(traffic.target_group_arns),
                "Hooks": {hook.event.value: hook.function.function_arn for hook in hooks},
                "HookSeconds": {hook.event.value: hook.longest_seconds for hook in hooks},
                "HookLogGroups": {hook.event.value: hook.log_group.log_group_name for hook in hooks},
                "LogGroup": task.log_group.log_group_name,
                "Alarms": list(alarm_names),
                "NetworkConfiguration": {
                    "Subnets": list(network.subnet_ids),
                    "SecurityGroups": list(network.security_group_ids),
                    "AssignPublicIp": network.assign_public_ip,
                },
                "PlatformVersion": network.platform_version,
                **settings.to_properties(),
            },
        )

    def wait_for_capacity(self, cluster: ecs.ICluster) -> None:
        """Wait until a cluster has the capacity providers that a deployment asks for.

        Args:
            cluster: The cluster; what associates it with them is made inside it when the app is synthesized.
        """
        self.node.add_dependency(cluster)
        # With that comes the cluster itself, to which the resource refers already, as cfn-lint points out.
        rendered = cast("CfnResource", self.resource.node.default_child)
        rendered.add_metadata("cfn-lint", {"config": {"ignore_checks": ["W3005"]}})
