"""CloudFormation's request for a Custom::Release, with its properties read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bluegreen.release.appspec import AppSpec, CapacityProvider, Network
from bluegreen.release.health_check import TargetGroupSettings
from bluegreen.release.observation import RequestType, WhenBusy


@dataclass(frozen=True, kw_only=True)
class ReleaseRequest:
    """What the stack asks for."""

    kind: RequestType
    stack_id: str
    application: str
    deployment_group: str
    cluster: str
    service: str
    version: str
    production_listener: str
    test_listener: str
    target_groups: tuple[str, str]
    previous_task_definition: str | None
    appspec: AppSpec
    hook_log_groups: Mapping[str, str]
    hook_seconds: Mapping[str, int]
    log_group: str | None
    settings: TargetGroupSettings
    grace_seconds: int
    min_tasks: int
    start_seconds: int
    alarms: Sequence[str]
    override: str | None
    when_busy: WhenBusy
    hands_on: bool
    approval_minutes: int | None
    notifications: str | None

    @property
    def physical_id(self) -> str:
        """The resource's id: constant for a service, so that no update replaces it."""
        return f"{self.cluster}/{self.service}"

    @classmethod
    def read(cls, request: Mapping[str, Any]) -> Self:
        """Read CloudFormation's request.

        Args:
            request: The request as CloudFormation sent it; every leaf of its properties is a text.

        Returns:
            The request.

        Raises:
            ValueError: If a property is missing or wrong.
        """
        properties = request["ResourceProperties"]
        try:
            return cls(
                kind=RequestType(request["RequestType"]),
                stack_id=request["StackId"],
                application=properties["Application"],
                deployment_group=properties["DeploymentGroup"],
                cluster=properties["Cluster"],
                service=properties["Service"],
                version=properties["Version"],
                production_listener=properties["ProductionListener"],
                test_listener=properties["TestListener"],
                target_groups=_pair(properties["TargetGroups"]),
                previous_task_definition=request.get("OldResourceProperties", {}).get("TaskDefinition"),
                appspec=_appspec(properties),
                hook_log_groups=properties.get("HookLogGroups") or {},
                hook_seconds={event: int(text) for event, text in (properties.get("HookSeconds") or {}).items()},
                log_group=properties.get("LogGroup"),
                settings=TargetGroupSettings.read(properties),
                grace_seconds=int(properties["GraceSeconds"]),
                min_tasks=int(properties["MinTasks"]),
                start_seconds=int(properties["StartSeconds"]),
                alarms=tuple(properties.get("Alarms") or ()),
                override=_override(properties),
                when_busy=WhenBusy(properties.get("WhenBusy") or WhenBusy.WAIT),
                hands_on=properties.get("HandsOn") == "true",
                approval_minutes=int(properties["ApprovalMinutes"]) if properties.get("ApprovalMinutes") else None,
                notifications=properties.get("Notifications") or None,
            )
        except KeyError as error:
            raise ValueError(f"Custom::Release needs the property {error.args[0]}; it is missing") from error


def physical_id(request: Mapping[str, Any]) -> str:
    """Return the resource's id from a request that may not be readable otherwise."""
    properties = request.get("ResourceProperties", {})
    computed = f"{properties.get('Cluster', 'unknown')}/{properties.get('Service', 'unknown')}"
    return str(request.get("PhysicalResourceId") or computed)


def _pair(groups: Sequence[str]) -> tuple[str, str]:
    blue, green = groups
    return blue, green


def _override(properties: Mapping[str, Any]) -> str | None:
    """Return why this version may be released although alarms are red; what was said of another does not count."""
    override = properties.get("AlarmOverride") or {}
    return override["Reason"] if override.get("Version") == properties["Version"] else None


def _appspec(properties: Mapping[str, Any]) -> AppSpec:
    network = properties.get("NetworkConfiguration")
    return AppSpec(
        task_definition=properties["TaskDefinition"],
        container_name=properties["ContainerName"],
        container_port=int(properties["ContainerPort"]),
        platform_version=properties.get("PlatformVersion"),
        network=_network(network) if network else None,
        capacity_providers=[_capacity_provider(item) for item in properties.get("CapacityProviderStrategy") or ()],
        hooks=properties.get("Hooks") or {},
    )


def _capacity_provider(properties: Mapping[str, Any]) -> CapacityProvider:
    return CapacityProvider(
        name=properties["CapacityProvider"],
        base=int(properties.get("Base", 0)),
        weight=int(properties.get("Weight", 0)),
    )


def _network(properties: Mapping[str, Any]) -> Network:
    return Network(
        subnets=properties["Subnets"],
        security_groups=properties["SecurityGroups"],
        assign_public_ip=properties["AssignPublicIp"],
    )
