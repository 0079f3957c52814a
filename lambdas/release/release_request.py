"""CloudFormation's request for a Custom::Release, with its properties read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bluegreen.release.appspec import AppSpec, Network
from bluegreen.release.observation import RequestType


@dataclass(frozen=True, kw_only=True)
class ReleaseRequest:
    """What the stack asks for."""

    kind: RequestType
    application: str
    deployment_group: str
    cluster: str
    service: str
    version: str
    production_listener: str
    previous_task_definition: str | None
    appspec: AppSpec
    hook_log_groups: Mapping[str, str]
    log_group: str | None

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
                application=properties["Application"],
                deployment_group=properties["DeploymentGroup"],
                cluster=properties["Cluster"],
                service=properties["Service"],
                version=properties["Version"],
                production_listener=properties["ProductionListener"],
                previous_task_definition=request.get("OldResourceProperties", {}).get("TaskDefinition"),
                appspec=_appspec(properties),
                hook_log_groups=properties.get("HookLogGroups") or {},
                log_group=properties.get("LogGroup"),
            )
        except KeyError as error:
            raise ValueError(f"Custom::Release needs the property {error.args[0]}; it is missing") from error


def physical_id(request: Mapping[str, Any]) -> str:
    """Return the resource's id from a request that may not be readable otherwise."""
    properties = request.get("ResourceProperties", {})
    computed = f"{properties.get('Cluster', 'unknown')}/{properties.get('Service', 'unknown')}"
    return str(request.get("PhysicalResourceId") or computed)


def _appspec(properties: Mapping[str, Any]) -> AppSpec:
    network = properties.get("NetworkConfiguration")
    return AppSpec(
        task_definition=properties["TaskDefinition"],
        container_name=properties["ContainerName"],
        container_port=int(properties["ContainerPort"]),
        platform_version=properties.get("PlatformVersion"),
        network=_network(network) if network else None,
        hooks=properties.get("Hooks") or {},
    )


def _network(properties: Mapping[str, Any]) -> Network:
    return Network(
        subnets=properties["Subnets"],
        security_groups=properties["SecurityGroups"],
        assign_public_ip=properties["AssignPublicIp"],
    )
