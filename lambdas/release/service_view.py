"""Looks at an ECS service and its task sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_clients


@dataclass(frozen=True, kw_only=True)
class ServiceView:
    """A service as DescribeServices gives it.

    Args:
        task_sets: Its task sets.
        desired_tasks: How many tasks it is to run.
        grace_seconds: Its health-check grace period.
    """

    task_sets: Sequence[Mapping[str, Any]]
    desired_tasks: int
    grace_seconds: int | None

    @property
    def primary(self) -> Mapping[str, Any] | None:
        """The task set that serves production, or did last."""
        return next((item for item in self.task_sets if item["status"] == "PRIMARY"), None)

    @property
    def live_group(self) -> str | None:
        """The target group of the PRIMARY task set."""
        balancers = self.primary.get("loadBalancers", []) if self.primary else []
        return next((balancer["targetGroupArn"] for balancer in balancers if balancer.get("targetGroupArn")), None)

    @property
    def kept(self) -> str | None:
        """The task definition of the tasks that run beside the PRIMARY ones and are not being removed."""
        return next((item["taskDefinition"] for item in self.task_sets if item["status"] == "ACTIVE"), None)

    @property
    def steady(self) -> bool:
        """Whether all tasks of the PRIMARY task set run and are healthy."""
        if self.primary is None:
            return False
        wanted = self.primary.get("computedDesiredCount", 0)
        # Just after a change of the desired count, the task set may still be steady at the former one.
        everybody = self.primary.get("runningCount", 0) == wanted >= self.desired_tasks
        return self.primary.get("stabilityStatus") == "STEADY_STATE" and everybody

    @property
    def brought(self) -> dict[str, str]:
        """The task definition that each deployment brought, by the deployment's id."""
        return {item["externalId"]: item["taskDefinition"] for item in self.task_sets if item.get("externalId")}

    def made_by(self, deployment_id: str) -> Mapping[str, Any] | None:
        """Return the task set that a deployment made."""
        return next((item for item in self.task_sets if item.get("externalId") == deployment_id), None)


def look(cluster: str, service: str) -> ServiceView:
    """Look at a service.

    Args:
        cluster: The cluster's name.
        service: The service's name.

    Returns:
        What was seen.

    Raises:
        LookupError: If it does not exist.
    """
    answer = aws_clients.client("ecs").describe_services(cluster=cluster, services=[service])
    for found in answer["services"]:
        if found.get("status") != "INACTIVE":
            return ServiceView(
                task_sets=found.get("taskSets", []),
                desired_tasks=found.get("desiredCount", 0),
                grace_seconds=found.get("healthCheckGracePeriodSeconds"),
            )
    raise LookupError(f"service {service} does not exist in cluster {cluster}")
