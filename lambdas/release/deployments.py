"""Reads CodeDeploy's deployments and says what was seen in the domain's words."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
from bluegreen.release.appspec import task_definition_in
from bluegreen.release.deployment import ACTIVE, Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.observation import short

GONE = {"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"}
"""What CodeDeploy says once the group is deleted."""

_ROLLBACK = "codeDeployRollback"

_RECENT = 25
"""How many earlier deployments are looked at: what BatchGetDeployments tells at once."""

_NO_TARGET_YET = {"DeploymentNotStartedException", "DeploymentTargetDoesNotExistException"}


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """What is known of a deployment group.

    Args:
        active: Its one active deployment; None when none is.
        last: The newest of its deployments; looked at only while none is active.
        undone: Whether CodeDeploy has rolled back the newest one that brought a certain task definition; the same.
    """

    active: Deployment | None = None
    last: Deployment | None = None
    undone: bool = False


def look(
    application: str,
    deployment_group: str,
    *,
    task_definition: str | None = None,
    brought: Mapping[str, str] | None = None,
    now: float | None = None,
) -> GroupView:
    """Look at a group's active deployment, or, while none is, at what its newest ones left behind.

    Of many earlier deployments, only the first ones that ListDeployments gives are looked at. They are the newest ones,
    though AWS does not document it; among them, the time of their creation decides.

    Args:
        application: The application's name.
        deployment_group: The group's name.
        task_definition: The task definition of which `undone` is to tell; none when omitted.
        brought: As in `active`.
        now: As in `active`.

    Returns:
        What was seen.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    under_way = active(application, deployment_group, brought, now)
    recent = [] if under_way else _newest_first(application, deployment_group)
    if not recent:
        return GroupView(active=under_way)
    last = _deployment(recent[0], brought, now)
    if not last.ended:
        return GroupView(active=last)  # the list of the active ones is a moment behind
    return GroupView(last=last, undone=_undone(recent, task_definition))


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
    return _deployment({"deploymentId": identifier} | info, brought, now)


def _newest_first(application: str, deployment_group: str) -> list[Mapping[str, Any]]:
    codedeploy = aws_clients.client("codedeploy")
    # Without a filter: a deployment that is just ending must not be missing in both lists.
    listed = codedeploy.list_deployments(applicationName=application, deploymentGroupName=deployment_group)
    identifiers = listed["deployments"][:_RECENT]
    if not identifiers:
        return []
    infos = codedeploy.batch_get_deployments(deploymentIds=identifiers)["deploymentsInfo"]
    return sorted(infos, key=lambda info: info["createTime"], reverse=True)


def _undone(recent: Sequence[Mapping[str, Any]], task_definition: str | None) -> bool:
    newest = next((info for info in recent if task_definition and _brought(info, task_definition)), None)
    return newest is not None and _rollback_id(newest) is not None


def _deployment(info: Mapping[str, Any], brought: Mapping[str, str] | None, now: float | None) -> Deployment:
    identifier, error, ended = info["deploymentId"], info.get("errorInformation", {}), info.get("completeTime")
    now = time.time() if now is None else now
    return Deployment(
        id=identifier,
        status=DeploymentStatus(info["status"]),
        task_definition=_task_definition(info) or (brought or {}).get(identifier),
        rolls_back=info.get("creator") == _ROLLBACK,
        termination_wait_started=bool(info.get("instanceTerminationWaitTimeStarted")),
        steps=_steps(identifier, now),
        error_code=error.get("code"),
        error_message=error.get("message"),
        rollback_id=_rollback_id(info),
        ended_seconds=int(now - ended.timestamp()) if ended else None,
    )


def _rollback_id(info: Mapping[str, Any]) -> str | None:
    named: str | None = info.get("rollbackInfo", {}).get("rollbackDeploymentId")
    return named


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
