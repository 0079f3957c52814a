"""Finds out how the candidate's tasks fare while they are started."""

import logging
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
from bluegreen.release.candidate import Candidate, StoppedContainer, StoppedTask

_log = logging.getLogger("release")

_MOST_TASKS = 100
"""As many as ListTasks gives in one page and DescribeTasks takes."""


def look(cluster: str, service: str, task_set: Mapping[str, Any] | None, *, container: str) -> Candidate | None:
    """Look at the stopped tasks of a task set, in at most two calls.

    The service is the filter, and the task set is told by its task definition and age: `startedBy` may be combined
    with no other filter, and AWS does not document that it holds a task set's id.

    Args:
        cluster: The cluster's name.
        service: The service's name.
        task_set: The task set as DescribeServices gives it; None when it does not exist yet.
        container: The container that serves; it is told of first, its sidecars after it.

    Returns:
        What was seen; None when there is no task set yet, or AWS did not tell. Not knowing must not fail a release
        that may be good, and its start has a time limit of its own.
    """
    if task_set is None:
        return None
    try:
        stopped = _stopped(cluster, service)
    except (ClientError, BotoCoreError) as error:
        _log.warning("cannot look at the candidate's tasks", extra={"error": aws_clients.describe(error)})
        return None
    own = [
        task
        for task in stopped
        if task["taskDefinitionArn"] == task_set["taskDefinition"] and task["createdAt"] >= task_set["createdAt"]
    ]
    own.sort(key=lambda task: task["createdAt"])
    return Candidate(
        desired=task_set.get("computedDesiredCount", 0), stopped=tuple(_task(task, container) for task in own)
    )


def _stopped(cluster: str, service: str) -> list[dict[str, Any]]:
    ecs = aws_clients.client("ecs")
    arns = ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED", maxResults=_MOST_TASKS)[
        "taskArns"
    ]
    return list(ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]) if arns else []


def _task(task: Mapping[str, Any], container: str) -> StoppedTask:
    serving_first = sorted(task.get("containers", []), key=lambda item: item["name"] != container)
    containers = (
        StoppedContainer(name=item["name"], exit_code=item.get("exitCode"), reason=item.get("reason"))
        for item in serving_first
    )
    return StoppedTask(code=task.get("stopCode"), reason=task.get("stoppedReason") or "", containers=tuple(containers))
