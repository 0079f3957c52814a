"""How many tasks run, and what adds and removes them."""

from dataclasses import dataclass
from typing import Any, Protocol

from aws_cdk import Stack, Token
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from ._arns import Arns

_ROLE = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
_MOST_TASKS = 5000
"""What one ECS service can run at most."""
_LONGEST_COOLDOWN_SECONDS = 3600


class ScalableService(Protocol):
    """What is scaled: anything with a cluster and the name of an ECS service in it."""

    @property
    def cluster(self) -> ecs.ICluster:
        """The cluster."""

    @property
    def service_name(self) -> str:
        """The ECS service's name."""


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How many tasks a service runs, and the load at which it gets more.

    Each figure is a target that tasks are added to stay below and removed to come near to; the largest number of tasks
    that any of them asks for wins. While a release runs, CPU and memory read lower than they are, because they are
    averages over the tasks of both versions; requests per task do not, because both target groups are added up.

    Args:
        min_tasks: The fewest tasks, 1-5000. With one, a lost task is an outage until the next one is healthy.
        max_tasks: The most tasks of one version, `min_tasks`-5000. A release runs twice as many while both live.
        cpu_percent: Target for the tasks' average CPU, 1-100 percent; None leaves CPU out.
        memory_percent: Target for the tasks' average memory, 1-100 percent; None leaves memory out.
        requests_per_task: Target for requests a minute and task, at least 1; requests are left out when omitted.
        scale_out_cooldown_seconds: How long to wait after adding tasks before adding more, 0-3600 seconds.
        scale_in_cooldown_seconds: How long to wait after removing tasks before removing more, 0-3600 seconds.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> Scaling(min_tasks=3, max_tasks=10, requests_per_task=1200).cpu_percent
        70
    """

    min_tasks: int = 2
    max_tasks: int = 4
    cpu_percent: int | None = 70
    memory_percent: int | None = 80
    requests_per_task: int | None = None
    scale_out_cooldown_seconds: int = 60
    scale_in_cooldown_seconds: int = 300

    def __post_init__(self) -> None:
        _require("min_tasks", self.min_tasks, 1, _MOST_TASKS)
        least = max(1, self.min_tasks)  # a token, which only the deployment knows, is a negative number until then
        _require("max_tasks", self.max_tasks, least, _MOST_TASKS)
        for name in ("cpu_percent", "memory_percent"):
            _require(name, getattr(self, name), 1, 100, hint="None leaves it out")
        _require("requests_per_task", self.requests_per_task, 1, None, hint="None leaves it out")
        for name in ("scale_out_cooldown_seconds", "scale_in_cooldown_seconds"):
            _require(name, getattr(self, name), 0, _LONGEST_COOLDOWN_SECONDS)

    def bind(
        self,
        scope: Construct,
        service: ScalableService,
        *,
        target_group_full_names: tuple[str, str],
        load_balancer_full_name: str,
    ) -> autoscaling.ScalableTarget:
        """Define the scaling of one service.

        Args:
            scope: Where the resources go: "ScalableTarget" and a policy for each figure.
            service: What is scaled.
            target_group_full_names: Both target groups; which of them serves production swaps with every release.
            load_balancer_full_name: The load balancer.

        Returns:
            The number of tasks, which schedules and further policies can be added to.
        """
        arns = Arns.of(Stack.of(scope))
        # AWS makes this role in every account that scales an ECS service; naming it saves a role of our own.
        role_arn = f"arn:{arns.partition}:iam::{arns.account}:role/{_ROLE}"
        target = autoscaling.ScalableTarget(
            scope,
            "ScalableTarget",
            service_namespace=autoscaling.ServiceNamespace.ECS,
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{service.cluster.cluster_name}/{service.service_name}",
            min_capacity=self.min_tasks,
            max_capacity=self.max_tasks,
            role=iam.Role.from_role_arn(scope, "ScalingRole", role_arn, mutable=False),
        )
        groups = [(load_balancer_full_name, name) for name in target_group_full_names]
        for name, value, metric in (
            ("Cpu", self.cpu_percent, _predefined("ECSServiceAverageCPUUtilization")),
            ("Memory", self.memory_percent, _predefined("ECSServiceAverageMemoryUtilization")),
            ("Requests", self.requests_per_task, _requests_per_task(groups)),
        ):
            if value is not None:
                self._track(target, name, value, metric)
        return target

    def _track(self, target: autoscaling.ScalableTarget, name: str, value: int, metric: dict[str, Any]) -> None:
        autoscaling.CfnScalingPolicy(
            target,
            name,
            policy_name=name.lower(),
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.scalable_target_id,
            target_tracking_scaling_policy_configuration={
                "targetValue": value,
                "scaleOutCooldown": self.scale_out_cooldown_seconds,
                "scaleInCooldown": self.scale_in_cooldown_seconds,
                **metric,
            },
        )


def _predefined(metric_type: str) -> dict[str, Any]:
    return {"predefinedMetricSpecification": {"predefinedMetricType": metric_type}}


def _requests_per_task(groups: list[tuple[str, str]]) -> dict[str, Any]:
    """Add up what a task of either version gets.

    AWS's predefined metric names one target group, and is blind after every second release.
    """
    metrics = [
        {
            "id": f"requests{number}",
            "returnData": False,
            "metricStat": {
                "stat": "Sum",
                "metric": {
                    "namespace": "AWS/ApplicationELB",
                    "metricName": "RequestCountPerTarget",
                    "dimensions": [
                        {"name": "LoadBalancer", "value": load_balancer},
                        {"name": "TargetGroup", "value": target_group},
                    ],
                },
            },
        }
        for number, (load_balancer, target_group) in enumerate(groups, start=1)
    ]
    # A group without traffic reports nothing, which is no reason to keep tasks that nobody needs.
    total = {"id": "total", "expression": "FILL(requests1,0)+FILL(requests2,0)", "returnData": True}
    return {"customizedMetricSpecification": {"metrics": [total, *metrics]}}


def _require(name: str, value: int | None, low: int, high: int | None, *, hint: str = "") -> None:
    if value is None:
        return
    wrong = isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high)
    if wrong and not Token.is_unresolved(value):  # a token looks wrong too, and to ask crosses into Node
        allowed = f"at least {low}" if high is None else f"{low}-{high}"
        raise ValueError(f"{name} must be {allowed}, got {value!r}{f'; {hint}' if hint else ''}")
