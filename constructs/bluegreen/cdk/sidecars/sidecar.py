"""What a sidecar is: a container described, and what the application is told of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from aws_cdk import Token
from aws_cdk import aws_ecs as ecs

from bluegreen.cdk.container import Container

if TYPE_CHECKING:
    from bluegreen.cdk.task import Task

_LEFT_MIB = 128
"""What the application keeps of a task's memory at least."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_MOVES = re.compile(r"(init-)?(latest|stable)|v?\d+(\.\d+)?")
"""Tags that somebody moves: by habit, and a version that is not exact."""


@dataclass(frozen=True, kw_only=True)
class SidecarContainer:
    """One container beside the application's.

    Args:
        name: Its name in the task definition, 1-63 lower-case letters, digits and hyphens; its log streams begin so.
        image: What runs.
        cpu: CPU units that it is sure of when the task is busy, at least 1; 1024 are one virtual CPU.
        memory_mib: Memory in MiB above which it is killed, at least 6: a leak is its own end and not the application's.
        essential: Whether the task ends with it. It does not when omitted, and the application waits until it has been
            started; for an essential one, until it is healthy, when `settings` has a health check.
        settings: How it runs; as strict as the application's container when omitted.
        environment: Its plain variables.
        secrets: Its variables that ECS reads when a task starts.
        variables: What the application's container is told, as plain variables.
        log_driver: Where the application's container writes instead of the service's log group; there when omitted.
        firelens: Makes it the task's log router. It is none when omitted.

    Raises:
        ValueError: If the name or a figure is out of range.

    Example:
        >>> proxy = ecs.ContainerImage.from_registry("envoyproxy/envoy:v1.34.1")
        >>> SidecarContainer(name="proxy", image=proxy, cpu=32, memory_mib=64).essential
        False
    """

    name: str
    image: ecs.ContainerImage
    cpu: int
    memory_mib: int
    essential: bool = False
    settings: Container = field(default_factory=Container)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    log_driver: ecs.LogDriver | None = None
    firelens: ecs.FirelensConfig | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name must be 1-63 lower-case letters, digits and hyphens, got {self.name!r}")
        for what, value, low in (("cpu", self.cpu, 1), ("memory_mib", self.memory_mib, 6)):
            if value < low:
                raise ValueError(f"{what} of sidecar {self.name} must be at least {low}, got {value}")


class Sidecar(Protocol):
    """What puts a container beside the application's. Write your own by describing it in `bind`.

    Example:
        >>> class Proxy:
        ...     def bind(self, task: "Task") -> SidecarContainer:
        ...         image = ecs.ContainerImage.from_registry("envoyproxy/envoy:v1.34.1")
        ...         told = {"HTTP_PROXY": "http://localhost:3128"}
        ...         return SidecarContainer(name="proxy", image=image, cpu=32, memory_mib=64, variables=told)
    """

    def bind(self, task: "Task") -> SidecarContainer:
        """Describe the container for one service and let the task's role do what it needs.

        Args:
            task: The service's task: roles and log group are there, the application's container is not yet.

        Returns:
            The container; the task adds it to its own definition, and to no other: migrations run without sidecars.
        """


def require_fitting(
    sidecars: Sequence[SidecarContainer], *, cpu: int, memory_mib: int, taken: Sequence[str], names: Sequence[str]
) -> None:
    """Refuse sidecars that would starve the application, or each other of a name.

    Args:
        sidecars: The containers.
        cpu: The task's CPU units.
        memory_mib: The task's memory in MiB.
        taken: The application's own variables.
        names: Container names that are taken.

    Raises:
        ValueError: If they do not fit beside the application, two have one name, two route logs, or a variable that
            the application is told is one of its own or is told twice.
    """
    _require_room("cpu", "CPU units", [one.cpu for one in sidecars], cpu, left=1)
    _require_room("memory_mib", "MiB", [one.memory_mib for one in sidecars], memory_mib, left=_LEFT_MIB)
    _require_once("names", [*names, *(one.name for one in sidecars)], "leave one of the containers out")
    told = [name for one in sidecars for name in one.variables]
    _require_once("variables", [*taken, *told], "leave it out of environment and secrets, or leave the sidecar out")
    if len([one for one in sidecars if one.firelens]) > 1:
        raise ValueError("sidecars must have one log router at most, got 2; leave one out")


def require_pinned(name: str, tag: str) -> str:
    """Return an image's name, refusing one whose content moves: a release would not know what it releases.

    Args:
        name: The argument's name.
        tag: The image with its tag or digest.

    Raises:
        ValueError: If it has neither, or a tag that is known to move.

    Example:
        >>> require_pinned("image", "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0")
        'public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0'
    """
    if Token.is_unresolved(tag):
        return tag
    _, found, version = tag.rpartition("/")[2].partition("@" if "@" in tag else ":")
    if not found or _MOVES.fullmatch(version):
        raise ValueError(f"{name} must be pinned to an exact version or a digest, got {tag!r}")
    return tag


def _require_room(name: str, unit: str, needed: Sequence[int], whole: int, *, left: int) -> None:
    if needed and sum(needed) > whole - left and not Token.is_unresolved(whole):
        raise ValueError(
            f"sidecars must leave the application at least {left} {unit}, got {sum(needed)} of {name}={whole} for "
            f"{len(needed)} sidecars; choose a larger task or smaller sidecars"
        )


def _require_once(what: str, names: Sequence[str], remedy: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} of sidecars must not be taken, got {', '.join(twice)} twice; {remedy}")
