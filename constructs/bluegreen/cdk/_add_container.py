"""The one container of a task definition, with everything that its settings say."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from .container import Container


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
    port: int | None = None,
) -> ecs.ContainerDefinition:
    """Add a container to a task definition.

    Args:
        scope: Where its parts are defined.
        task_definition: The task definition.
        name: The container's name, which also begins the names of its log streams.
        image: What runs.
        settings: How it runs.
        environment: Plain variables.
        secrets: Variables that ECS reads when a task starts.
        log_group: Where it writes.
        port: The port on which it answers; none when omitted.

    Returns:
        The container.
    """
    linux_parameters = ecs.LinuxParameters(scope, "LinuxParameters", init_process_enabled=True)
    if settings.drops_capabilities:
        linux_parameters.drop_capabilities(ecs.Capability.ALL)
    container = task_definition.add_container(
        name,
        image=image,
        environment=dict(environment),
        secrets=dict(secrets),
        command=list(settings.command) or None,
        entry_point=list(settings.entry_point) or None,
        health_check=settings.health_check,
        readonly_root_filesystem=settings.read_only_root_filesystem,
        user=settings.user,
        stop_timeout=Duration.seconds(settings.stop_timeout_seconds),
        linux_parameters=linux_parameters,
        logging=ecs.LogDrivers.aws_logs(stream_prefix=name, log_group=log_group),
        port_mappings=[ecs.PortMapping(container_port=port)] if port else None,
    )
    for number, path in enumerate(settings.writable_paths):
        volume = f"writable-{number}"
        task_definition.add_volume(name=volume)
        container.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))
    return container
