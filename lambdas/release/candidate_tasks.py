"""Finds out how the candidate's tasks fare while a deployment installs them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
from bluegreen.release.candidate import Candidate, StoppedContainer, StoppedTask
from release_request import ReleaseRequest

_log = logging.getLogger("release")

_MOST_TASKS = 100
"""As many as ListTasks gives in one page and DescribeTasks takes."""


def look(request: ReleaseRequest, deployment_id: str, task_sets: Sequence[Mapping[str, Any]]) -> Candidate | None:
    """Look at the stopped tasks of the task set that a deployment made, in at most two calls.

    The service is the filter, and the task set is told by its task definition and age: `startedBy` may be combined
    with no other filter, and AWS does not document that it holds a task set's id.

    Args:
        request: What the stack asks for.
        deployment_id: The deployment.
        task_sets: The service's task sets as DescribeServices gives them.

    Returns:
        What was seen; None when there is no task set yet, or AWS did not tell. Not knowing must not fail a release
        that may be good, and Install has a time limit of its own.
    """
    task_set = next((item for item in task_sets if item.get("externalId") == deployment_id), None)
    if task_set is None:
        return None
    try:
        stopped = _stopped(request)
    except (ClientError, BotoCoreError) as error:
        _log.warning("cannot look at the candidate's tasks", extra={"error": aws_clients.describe(error)})
        return None
    own = [
        task
        for task in stopped
        if task["taskDefinitionArn"] == task_set["taskDefinition"] and task["createdAt"] >= task_set["createdAt"]
    ]
    own.sort(key=lambda task: task["createdAt"])
    return Candidate(desired=task_set.get("computedDesiredCount", 0), stopped=tuple(map(_task, own)))


def _stopped(request: ReleaseRequest) -> list[dict[str, Any]]:
    ecs = aws_clients.client("ecs")
    arns = ecs.list_tasks(
        cluster=request.cluster, serviceName=request.service, desiredStatus="STOPPED", maxResults=_MOST_TASKS
    )["taskArns"]
    return list(ecs.describe_tasks(cluster=request.cluster, tasks=arns)["tasks"]) if arns else []


def _task(task: Mapping[str, Any]) -> StoppedTask:
    containers = (
        StoppedContainer(name=item["name"], exit_code=item.get("exitCode"), reason=item.get("reason"))
        for item in task.get("containers", [])
    )
    return StoppedTask(code=task.get("stopCode"), reason=task.get("stoppedReason") or "", containers=tuple(containers))
