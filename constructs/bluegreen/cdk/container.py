"""How the container runs, apart from what it runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Token
from aws_cdk import aws_ecs as ecs

NON_ROOT_USER = "1000:1000"
"""User and group that own nothing."""
_X86_64, _LINUX = ecs.CpuArchitecture.X86_64, ecs.OperatingSystemFamily.LINUX


@dataclass(frozen=True, kw_only=True)
class Container:
    """Settings of the container; the defaults are strict, and each can be opened for an image that needs it.

    Args:
        command: Replaces the image's command. A word that looks like a secret is refused by the service.
        entry_point: Replaces the image's entry point; likewise.
        user: Whom the container runs as. None leaves it to the image.
        read_only_root_filesystem: Whether the file system is read-only.
        writable_paths: Folders that stay writable and are lost with the task. Fargate gives each the owner that the
            image's VOLUME gives it.
        keep_capabilities: Whether the container keeps Linux capabilities; it loses all when omitted, unless `user` is
            None: an image that wants to be root mostly wants root's powers too.
        stop_timeout_seconds: How long the container may take to end when told to stop, before it is killed, 2-120.
        health_check: A check that ECS runs inside the container, beside the load balancer's. None when omitted.
        architecture: What the image is built for, or is one of the several that it is built for. X86_64 when omitted;
            ARM64 (Graviton) costs less. Migrations run on the same.
        ephemeral_storage_gib: The task's disk, which is lost with it, 21-200 GiB. Fargate's 20 GiB when omitted.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> Container(command=["serve", "--workers", "4"], writable_paths=["/tmp"]).user
        '1000:1000'
    """

    command: Sequence[str] = ()
    entry_point: Sequence[str] = ()
    user: str | None = NON_ROOT_USER
    read_only_root_filesystem: bool = True
    writable_paths: Sequence[str] = ()
    keep_capabilities: bool | None = None
    stop_timeout_seconds: int = 30
    health_check: ecs.HealthCheck | None = None
    architecture: ecs.CpuArchitecture | None = None
    ephemeral_storage_gib: int | None = None

    def __post_init__(self) -> None:
        seconds = self.stop_timeout_seconds
        if not 2 <= seconds <= 120 and not Token.is_unresolved(seconds):  # noqa: PLR2004 - Fargate's limits
            raise ValueError(f"stop_timeout_seconds must be 2-120, got {seconds}")
        disk = self.ephemeral_storage_gib
        if disk is not None and not 21 <= disk <= 200 and not Token.is_unresolved(disk):  # noqa: PLR2004 - the same
            raise ValueError(f"ephemeral_storage_gib must be 21-200, got {disk}; omit it for Fargate's 20 GiB")
        for path in self.writable_paths:
            if not path.startswith("/"):
                raise ValueError(f"writable_paths must be absolute, got {path!r}")

    @property
    def runtime_platform(self) -> ecs.RuntimePlatform:
        """What Fargate runs the container on."""
        return ecs.RuntimePlatform(cpu_architecture=self.architecture or _X86_64, operating_system_family=_LINUX)

    @property
    def drops_capabilities(self) -> bool:
        """Whether every Linux capability is taken from the container."""
        return self.user is not None if self.keep_capabilities is None else not self.keep_capabilities
