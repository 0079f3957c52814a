"""Reads CodeDeploy's deployments and says what was seen in the domain's words."""

import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
from bluegreen.release.appspec import task_definition_in
from bluegreen.release.deployment import ACTIVE, ENDED, Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.observation import short

GONE = {"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"}
"""What CodeDeploy says once the group is deleted."""

_ROLLBACK = "codeDeployRollback"

_RECENT = 10
"""How many ended deployments are looked at: a way back is not to wait long for what is rarely of interest."""

_NO_TARGET_YET = {"DeploymentNotStartedException", "DeploymentTargetDoesNotExistException"}


def active(
    application: str, deployment_group: str, brought: Mapping[str, str] | None = None, now: float | None = None
) -> Deployment | None:
    """Return the group's one active deployment.

    Args:
        application: The application's name.
        deployment_group: The group's name.
        brought: The task definition that each deployment brought, as far as the service's task sets tell.
        now: The time in seconds since the epoch; the machine's when omitted.

    Returns:
        The deployment; None when none is active.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    pages = (
        aws_clients.client("codedeploy")
        .get_paginator("list_deployments")
        .paginate(
            applicationName=application,
            deploymentGroupName=deployment_group,
            includeOnlyStatuses=[status.value for status in ACTIVE],
        )
    )
    ids = [identifier for page in pages for identifier in page["deployments"]]
    found = (read(identifier, brought, now) for identifier in ids)
    return next((deployment for deployment in found if not deployment.ended), None)


def undone(application: str, deployment_group: str, task_definition: str) -> bool:
    """Return whether CodeDeploy has rolled back the newest deployment that brought a task definition.

    Looks at the first ones that ListDeployments gives, which are the newest ones, though AWS does not document it.

    Args:
        application: The application's name.
        deployment_group: The group's name.
        task_definition: The task definition's ARN.

    Returns:
        Whether it was; False when none of those looked at is known to have brought it.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    codedeploy = aws_clients.client("codedeploy")
    statuses = sorted(status.value for status in ENDED)
    listed = codedeploy.list_deployments(
        applicationName=application, deploymentGroupName=deployment_group, includeOnlyStatuses=statuses
    )["deployments"]
    infos = [codedeploy.get_deployment(deploymentId=identifier)["deploymentInfo"] for identifier in listed[:_RECENT]]
    brought = [info for info in infos if _brought(info, task_definition)]
    newest: Mapping[str, Any] = max(brought, key=lambda info: info["createTime"], default={})
    return bool(newest.get("rollbackInfo", {}).get("rollbackDeploymentId"))


def read(identifier: str, brought: Mapping[str, str] | None = None, now: float | None = None) -> Deployment:
    """Return what is known of a deployment.

    Args:
        identifier: Its id.
        brought: As in `active`.
        now: As in `active`.

    Returns:
        The deployment.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    info = aws_clients.client("codedeploy").get_deployment(deploymentId=identifier)["deploymentInfo"]
    error = info.get("errorInformation", {})
    return Deployment(
        id=identifier,
        status=DeploymentStatus(info["status"]),
        task_definition=_task_definition(info) or (brought or {}).get(identifier),
        rolls_back=info.get("creator") == _ROLLBACK,
        termination_wait_started=bool(info.get("instanceTerminationWaitTimeStarted")),
        steps=_steps(identifier, time.time() if now is None else now),
        error_code=error.get("code"),
        error_message=error.get("message"),
        rollback_id=info.get("rollbackInfo", {}).get("rollbackDeploymentId"),
    )


def _brought(info: Mapping[str, Any], task_definition: str) -> bool:
    if info.get("creator") == _ROLLBACK:
        return False
    told = _task_definition(info)
    # AWS may keep only a hash of the AppSpec; the description is this function's own.
    return told == task_definition if told else f"({short(task_definition)})" in info.get("description", "")


def _task_definition(info: Mapping[str, Any]) -> str | None:
    """Read the AppSpec, which AWS may give back in either of two places, or as a hash only."""
    revision = info.get("revision", {})
    contents = (revision.get(place, {}).get("content") for place in ("appSpecContent", "string"))
    return next((found for content in contents if content and (found := task_definition_in(content))), None)


def _steps(identifier: str, now: float) -> tuple[Step, ...]:
    codedeploy = aws_clients.client("codedeploy")
    try:
        targets = codedeploy.list_deployment_targets(deploymentId=identifier).get("targetIds", [])
        if not targets:
            return ()
        answer = codedeploy.batch_get_deployment_targets(deploymentId=identifier, targetIds=targets)
    except ClientError as error:
        if aws_clients.code_of(error) in _NO_TARGET_YET:
            return ()
        raise
    events = [
        event
        for target in answer.get("deploymentTargets", [])
        for event in target.get("ecsTarget", {}).get("lifecycleEvents", [])
    ]
    return tuple(_step(event, now) for event in events)


def _step(event: Mapping[str, Any], now: float) -> Step:
    status, started = StepStatus(event.get("status", "")), event.get("startTime")
    running = int(now - started.timestamp()) if status is StepStatus.IN_PROGRESS and started else None
    return Step(event["lifecycleEventName"], status, running_seconds=running)
