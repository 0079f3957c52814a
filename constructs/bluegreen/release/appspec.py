"""The AppSpec: what CodeDeploy is told to run, in its JSON form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .lifecycle import hooks_in_order


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where tasks run. CodeDeploy takes all three fields or none of them."""

    subnets: Sequence[str]
    security_groups: Sequence[str]
    assign_public_ip: str


@dataclass(frozen=True, kw_only=True)
class CapacityProvider:
    """One capacity provider of a strategy: the first `base` tasks, then a share of the rest by weight."""

    name: str
    base: int = 0
    weight: int = 0


@dataclass(frozen=True, kw_only=True)
class AppSpec:
    """One version of a service, as CodeDeploy wants it told.

    Args:
        task_definition: The ARN of the task definition.
        container_name: The container that serves.
        container_port: Its port.
        platform_version: Fargate's platform version; the service's own when omitted.
        network: Where tasks run; as in the service when omitted.
        capacity_providers: What tasks run on; the service's launch type when empty.
        hooks: The Lambda function for each lifecycle event's name.

    Example:
        >>> AppSpec(task_definition="orders:7", container_name="orders", container_port=8080).to_json()[:15]
        '{"version":0.0,'
    """

    task_definition: str
    container_name: str
    container_port: int
    platform_version: str | None = None
    network: Network | None = None
    capacity_providers: Sequence[CapacityProvider] = ()
    hooks: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the AppSpec's content.

        Raises:
            ValueError: If a hook is for an event that cannot carry one.
        """
        properties: dict[str, Any] = {
            "TaskDefinition": self.task_definition,
            "LoadBalancerInfo": {"ContainerName": self.container_name, "ContainerPort": self.container_port},
        }
        if self.platform_version:
            properties["PlatformVersion"] = self.platform_version
        if self.network:
            awsvpc = {
                "Subnets": list(self.network.subnets),
                "SecurityGroups": list(self.network.security_groups),
                "AssignPublicIp": self.network.assign_public_ip,
            }
            properties["NetworkConfiguration"] = {"AwsvpcConfiguration": awsvpc}
        if self.capacity_providers:
            properties["CapacityProviderStrategy"] = [
                {"CapacityProvider": provider.name, "Base": provider.base, "Weight": provider.weight}
                for provider in self.capacity_providers
            ]
        document: dict[str, Any] = {
            "version": 0.0,
            "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
        }
        if self.hooks:
            document["Hooks"] = [{event.value: function} for event, function in hooks_in_order(self.hooks)]
        return json.dumps(document, separators=(",", ":"))


def task_definition_in(content: str) -> str | None:
    """Return the task definition that an AppSpec names; None when it is not JSON or names none.

    Example:
        >>> spec = AppSpec(task_definition="orders:7", container_name="orders", container_port=8080)
        >>> task_definition_in(spec.to_json())
        'orders:7'
    """
    try:
        document = json.loads(content)
        resource = next(iter(document["Resources"][0].values()))
        found = resource["Properties"]["TaskDefinition"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration):
        return None
    return found if isinstance(found, str) else None
