"""The migrations' one-off tasks in ECS, and what their runner told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aws_clients
from bluegreen.release.migrations.result import Result, last_in
from ended_task import EndedTask

CONTAINER = "migrations"
_MOST_DESCRIBED = 100
_KEPT_AT_REGISTERING = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "ephemeralStorage",
    "runtimePlatform",
)


@dataclass(frozen=True)
class LiveTasks:
    """The tasks that have not ended yet, and how many of them were told to stop."""

    arns: tuple[str, ...]
    stopping: int


def alive(cluster: str, family: str) -> LiveTasks:
    """Return the family's tasks that have not ended. One that was told to stop may still work for half a minute."""
    tasks = [task for task in _tasks(cluster, family) if task["lastStatus"] != "STOPPED"]
    stopping = sum(task["desiredStatus"] == "STOPPED" for task in tasks)
    return LiveTasks(tuple(task["taskArn"] for task in tasks), stopping)


def stop(cluster: str, arns: tuple[str, ...], reason: str) -> None:
    """Tell tasks to stop."""
    for arn in arns:
        aws_clients.client("ecs").stop_task(cluster=cluster, task=arn, reason=reason[:255])


def newest_since(cluster: str, family: str, since: float) -> EndedTask | None:
    """Return the family's newest task that was made since a time, in seconds since the epoch; None when none was."""
    tasks = [task for task in _tasks(cluster, family) if _created(task) >= since]
    return EndedTask.read(max(tasks, key=_created), CONTAINER) if tasks else None


def result_of(log_group: str, task: EndedTask) -> Result | None:
    """Return what a task's runner told; None when it is not in the log."""
    return last_in(task.lines(log_group))


def image_of(task_definition: str) -> str:
    """Return the image that a task definition names."""
    return str(_container(_describe(task_definition))["image"])


def pinned(image: str, digest: str | None) -> str:
    """Return an image by its digest.

    Example:
        >>> pinned("registry:5000/orders:v2", "sha256:1f"), pinned("orders@sha256:2e", "sha256:1f")
        ('registry:5000/orders@sha256:1f', 'orders@sha256:2e')
    """
    if digest is None or "@" in image:
        return image
    repository, slash, name = image.rpartition("/")
    return f"{repository}{slash}{name.partition(':')[0]}@{digest}"


def pin(task_definition: str, digest: str | None) -> tuple[str, str]:
    """Return a task definition that runs exactly the image that was planned with, and that image.

    Args:
        task_definition: The task definition's ARN.
        digest: The digest of the image that the plan's task ran; None when ECS did not tell.

    Returns:
        The given one when it names a digest already, or none is known; else a copy that does.
    """
    described = _describe(task_definition)
    image = str(_container(described)["image"])
    exact = pinned(image, digest)
    if exact == image:
        return task_definition, image
    _container(described)["image"] = exact
    copy = {name: described[name] for name in _KEPT_AT_REGISTERING if described.get(name)}
    answer = aws_clients.client("ecs").register_task_definition(**copy)
    return str(answer["taskDefinition"]["taskDefinitionArn"]), exact


def _describe(task_definition: str) -> dict[str, Any]:
    answer = aws_clients.client("ecs").describe_task_definition(taskDefinition=task_definition)
    described: dict[str, Any] = answer["taskDefinition"]
    return described


def _container(described: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in described["containerDefinitions"] if one["name"] == CONTAINER)
    return found


def _tasks(cluster: str, family: str) -> list[dict[str, Any]]:
    """Describe the family's tasks: ECS lists those that were told to stop apart, and forgets them after an hour."""
    ecs = aws_clients.client("ecs")
    found: list[dict[str, Any]] = []
    for wanted in ("RUNNING", "STOPPED"):
        arns = ecs.list_tasks(cluster=cluster, family=family, desiredStatus=wanted)["taskArns"][:_MOST_DESCRIBED]
        if arns:
            found += ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return found


def _created(task: Mapping[str, Any]) -> float:
    return float(task["createdAt"].timestamp())
