"""Looks at a service, its listener and its deployments, and says what was seen in the domain's words."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
import candidate_tasks
from bluegreen.release.appspec import task_definition_in
from bluegreen.release.deployment import ACTIVE, Deployment, DeploymentStatus, Step, StepStatus
from bluegreen.release.observation import Observation, RequestType
from release_progress import Progress
from release_request import ReleaseRequest

_GONE = {"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"}


def observe(request: ReleaseRequest, progress: Progress, now: float) -> Observation:
    """Look at everything that the decision needs, and at nothing else.

    Args:
        request: What the stack asks for.
        progress: What the request remembers.
        now: The time in seconds since the epoch.

    Returns:
        What was seen.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
        LookupError: If the service or its listener does not exist.
    """
    seen: dict[str, Any] = {
        "request": request.kind,
        "version": request.version,
        "desired": request.appspec.task_definition,
        "previous": request.previous_task_definition,
        "asked": frozenset(progress.asked),
        "elapsed_seconds": progress.elapsed(now),
        "waited": progress.waited(now),
        "log_group": request.log_group,
        "stopped_because": progress.stopped_because,
    }
    if request.kind is RequestType.CREATE:
        return Observation(**seen)
    if request.kind is RequestType.DELETE:
        return Observation(**seen, active=_active(request, {}))
    task_sets = _task_sets(request)
    brought = {item["externalId"]: item["taskDefinition"] for item in task_sets if item.get("externalId")}
    seen |= _production(request, task_sets)
    if progress.deployment_id is None:
        return Observation(**seen, active=_active(request, brought))
    followed = _deployment(progress.deployment_id, brought)
    rollback = _deployment(followed.rollback_id, brought) if followed.rollback_id else None
    looks = followed.installs and followed.id not in progress.asked
    candidate = candidate_tasks.look(request, followed.id, task_sets) if looks else None
    return Observation(**seen, followed=followed, rollback=rollback, candidate=candidate)


def _task_sets(request: ReleaseRequest) -> list[dict[str, Any]]:
    answer = aws_clients.client("ecs").describe_services(cluster=request.cluster, services=[request.service])
    for service in answer["services"]:
        if service.get("status") != "INACTIVE":
            return list(service.get("taskSets", []))
    raise LookupError(f"service {request.service} does not exist in cluster {request.cluster}")


def _production(request: ReleaseRequest, task_sets: list[dict[str, Any]]) -> dict[str, Any]:
    primary = next((item for item in task_sets if item["status"] == "PRIMARY"), None)
    if primary is None:
        return {}
    groups = {balancer.get("targetGroupArn") for balancer in primary.get("loadBalancers", [])}
    weights = _weights(request.production_listener)
    total = sum(weights.values())
    share = sum(weight for group, weight in weights.items() if group in groups)
    return {"primary": primary["taskDefinition"], "primary_percent": 100 * share // total if total else 0}


def _weights(listener_arn: str) -> dict[str, int]:
    """Return how the listener's default action shares traffic out; nothing when it forwards nowhere."""
    for listener in aws_clients.client("elbv2").describe_listeners(ListenerArns=[listener_arn])["Listeners"]:
        for action in listener.get("DefaultActions", []):
            groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
            if groups:
                return {group["TargetGroupArn"]: group.get("Weight", 1) for group in groups}
            if action.get("TargetGroupArn"):
                return {action["TargetGroupArn"]: 1}
        return {}
    raise LookupError(f"listener {listener_arn} does not exist")


def _active(request: ReleaseRequest, brought: Mapping[str, str]) -> Deployment | None:
    try:
        pages = (
            aws_clients.client("codedeploy")
            .get_paginator("list_deployments")
            .paginate(
                applicationName=request.application,
                deploymentGroupName=request.deployment_group,
                includeOnlyStatuses=[status.value for status in ACTIVE],
            )
        )
        ids = [identifier for page in pages for identifier in page["deployments"]]
    except ClientError as error:
        if request.kind is RequestType.DELETE and aws_clients.code_of(error) in _GONE:
            return None
        raise
    found = (_deployment(identifier, brought) for identifier in ids)
    return next((deployment for deployment in found if not deployment.ended), None)


def _deployment(identifier: str, brought: Mapping[str, str]) -> Deployment:
    info = aws_clients.client("codedeploy").get_deployment(deploymentId=identifier)["deploymentInfo"]
    error = info.get("errorInformation", {})
    return Deployment(
        id=identifier,
        status=DeploymentStatus(info["status"]),
        task_definition=_task_definition(info) or brought.get(identifier),
        rolls_back=info.get("creator") == "codeDeployRollback",
        termination_wait_started=bool(info.get("instanceTerminationWaitTimeStarted")),
        steps=_steps(identifier),
        error_code=error.get("code"),
        error_message=error.get("message"),
        rollback_id=info.get("rollbackInfo", {}).get("rollbackDeploymentId"),
    )


def _task_definition(info: Mapping[str, Any]) -> str | None:
    """Read the AppSpec, which AWS may give back in either of two places, or as a hash only."""
    revision = info.get("revision", {})
    contents = (revision.get(place, {}).get("content") for place in ("appSpecContent", "string"))
    return next((found for content in contents if content and (found := task_definition_in(content))), None)


def _steps(identifier: str) -> tuple[Step, ...]:
    codedeploy = aws_clients.client("codedeploy")
    try:
        targets = codedeploy.list_deployment_targets(deploymentId=identifier).get("targetIds", [])
        if not targets:
            return ()
        answer = codedeploy.batch_get_deployment_targets(deploymentId=identifier, targetIds=targets)
    except ClientError as error:
        if aws_clients.code_of(error) in {"DeploymentNotStartedException", "DeploymentTargetDoesNotExistException"}:
            return ()
        raise
    events = [
        event
        for target in answer.get("deploymentTargets", [])
        for event in target.get("ecsTarget", {}).get("lifecycleEvents", [])
    ]
    return tuple(Step(event["lifecycleEventName"], StepStatus(event.get("status"))) for event in events)
