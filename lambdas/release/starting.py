"""Starts deployments: a release, with or without the alarms that are red, and the way back."""

import dataclasses
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
import service_settings
import target_groups
from bluegreen.release.convergence import StartDeployment
from bluegreen.release.health_check import changes_at_a_release
from bluegreen.release.observation import WaitFor, short
from release_progress import Progress
from release_request import ReleaseRequest
from service_view import ServiceView

_LONGEST_DESCRIPTION = 256
_AT_ONCE = "CodeDeployDefault.ECSAllAtOnce"


def start(
    decision: StartDeployment, request: ReleaseRequest, service: ServiceView, progress: Progress, now: float
) -> None:
    """Prepare for the version that the stack asks for, and start its deployment.

    Args:
        decision: What was decided.
        request: What the stack asks for.
        service: The service as it was seen.
        progress: What the request remembers; changed in place.
        now: The time in seconds since the epoch.

    Raises:
        botocore.exceptions.ClientError: If AWS refused.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    prepare(request, service)
    try:
        answer = aws_clients.client("codedeploy").create_deployment(
            applicationName=request.application,
            deploymentGroupName=request.deployment_group,
            **(_way_back(request) if decision.back else _release(request, decision.without_alarms)),
        )
    except ClientError as error:
        if aws_clients.code_of(error) != "DeploymentLimitExceededException":
            raise
        progress.wait(WaitFor.OTHER_RELEASE, now)  # one that the list did not show yet; the next look will
        return
    progress.deployment_id = answer["deploymentId"]
    progress.ignored_alarms = list(decision.without_alarms)


def prepare(request: ReleaseRequest, service: ServiceView) -> None:
    """Bring the settings that a version comes with to the group that its deployment uses, and to the service.

    Args:
        request: What the stack asks for.
        service: The service as it was seen.

    Raises:
        botocore.exceptions.ClientError: If AWS refused.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
        ValueError: If the live tasks are in none of the service's groups.
    """
    target_groups.apply(changes_at_a_release(request.settings, request.target_groups, service.live_group or "none"))
    service_settings.set_grace(
        request.cluster, request.service, grace_seconds=request.grace_seconds, present=service.grace_seconds
    )


def _release(request: ReleaseRequest, without_alarms: tuple[str, ...]) -> dict[str, Any]:
    description = f"release of {request.version} ({short(request.appspec.task_definition)})"
    started = {"revision": _revision(request)}
    if without_alarms:
        description += f" although in ALARM: {', '.join(without_alarms)}: {request.override}"
        started["overrideAlarmConfiguration"] = _watching_the_others(request, without_alarms)
    return started | {"description": _cut(description)}


def _way_back(request: ReleaseRequest) -> dict[str, Any]:
    """Nothing may hold up the way back: no alarm, no hook, no gradual shift. This version has been live before."""
    return {
        "revision": _revision(request, hooks={}),
        "deploymentConfigName": _AT_ONCE,
        "overrideAlarmConfiguration": {"enabled": False},
        "description": _cut(f"back to {request.version} ({short(request.appspec.task_definition)})"),
    }


def _watching_the_others(request: ReleaseRequest, without_alarms: tuple[str, ...]) -> dict[str, Any]:
    others = [{"name": name} for name in request.alarms if name not in without_alarms]
    if not others:
        return {"enabled": False}
    return {"enabled": True, "alarms": others, "ignorePollAlarmFailure": False}


def _revision(request: ReleaseRequest, **changed: Any) -> dict[str, Any]:
    content = dataclasses.replace(request.appspec, **changed).to_json()
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}


def _cut(description: str) -> str:
    line = " ".join(description.split())
    return line if len(line) <= _LONGEST_DESCRIPTION else f"{line[: _LONGEST_DESCRIPTION - 1]}…"
