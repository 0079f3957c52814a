"""The containers of a task definition, with everything that their settings say."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from ._durations import seconds
from .container import Container
from .sidecars.sidecar import SidecarContainer


def add_container(
    scope: Construct,
    task_definition: ecs.FargateTaskDefinition,
    name: str,
    *,
    image: ecs.ContainerImage,
    settings: Container,
    environment: Mapping[str, str],
    secrets: Mapping[str, ecs.Secret],
    log_group: logs.ILogGroup,
    log_driver: ecs.LogDriver | None = None,
    port: int | None = None,
) -> ecs.ContainerDefinition:
    """Add the container that a task is for to its definition.

    Args:
        scope: Where its parts are defined.
        task_definition: The task definition.
        name: The container's name, which also begins the names of its log streams.
        image: What runs.
        settings: How it runs.
        environment: Plain variables.
        secrets: Variables that ECS reads when a task starts.
        log_group: Where it writes.
        log_driver: What it writes to instead; the log group when omitted.
        port: The port on which it answers; none when omitted.

    Returns:
        The container.
    """
    container = task_definition.add_container(
        name,
        image=image,
        environment=dict(environment),
        secrets=dict(secrets),
        logging=log_driver or ecs.LogDrivers.aws_logs(stream_prefix=name, log_group=log_group),
        port_mappings=[ecs.PortMapping(container_port=port)] if port else None,
        **_as_settings_say(scope, settings, init=True),
    )
    _make_writable(task_definition, container, settings, prefix="writable")
    return container


def add_sidecar(
    scope: Construct,
    task_definition: ecs.FargateTaskDefinition,
    sidecar: SidecarContainer,
    *,
    beside: ecs.ContainerDefinition,
    log_group: logs.ILogGroup,
) -> ecs.ContainerDefinition:
    """Add a sidecar to a task definition, and have the application's container start after it.

    Args:
        scope: Where its parts are defined; its own.
        task_definition: The task definition.
        sidecar: The container.
        beside: The application's container.
        log_group: Where it writes.

    Returns:
        The container.
    """
    properties: dict[str, Any] = {
        "container_name": sidecar.name,
        "image": sidecar.image,
        "cpu": sidecar.cpu,
        "memory_limit_mib": sidecar.memory_mib,
        "essential": sidecar.essential,
        "environment": dict(sidecar.environment),
        "secrets": dict(sidecar.secrets),
        "logging": ecs.LogDrivers.aws_logs(stream_prefix=sidecar.name, log_group=log_group),
        **_as_settings_say(scope, sidecar.settings, init=False),
    }
    if sidecar.firelens:
        container: ecs.ContainerDefinition = task_definition.add_firelens_log_router(
            sidecar.name, firelens_config=sidecar.firelens, **properties
        )
    else:
        container = task_definition.add_container(sidecar.name, **properties)
    _make_writable(task_definition, container, sidecar.settings, prefix=f"{sidecar.name}-writable")
    # One that may fail must not keep the application from starting; a check of its health could.
    healthy = sidecar.essential and sidecar.settings.health_check is not None
    beside.add_container_dependencies(
        ecs.ContainerDependency(
            container=container,
            condition=ecs.ContainerDependencyCondition.HEALTHY if healthy else ecs.ContainerDependencyCondition.START,
        )
    )
    return container


def _as_settings_say(scope: Construct, settings: Container, *, init: bool) -> dict[str, Any]:
    # An image that supervises processes of its own, as sidecars do, insists on being the first of them.
    linux_parameters = ecs.LinuxParameters(scope, "LinuxParameters", init_process_enabled=init or None)
    if settings.drops_capabilities:
        linux_parameters.drop_capabilities(ecs.Capability.ALL)
    return {
        "command": list(settings.command) or None,
        "entry_point": list(settings.entry_point) or None,
        "health_check": settings.health_check,
        "readonly_root_filesystem": settings.read_only_root_filesystem,
        "user": settings.user,
        "stop_timeout": seconds(settings.stop_timeout_seconds),
        "linux_parameters": linux_parameters,
    }


def _make_writable(
    task_definition: ecs.FargateTaskDefinition, container: ecs.ContainerDefinition, settings: Container, *, prefix: str
) -> None:
    for number, path in enumerate(settings.writable_paths):
        volume = f"{prefix}-{number}"
        task_definition.add_volume(name=volume)
        container.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))
