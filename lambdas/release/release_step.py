"""One step of a release: look, decide, act."""

import dataclasses
import logging
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
import hook_evidence
from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
    decide,
    decide_without_sight,
)
from bluegreen.release.observation import Observation, RequestType, WaitFor, short
from observing import observe
from release_progress import Progress
from release_request import ReleaseRequest

_log = logging.getLogger("release")

_ENDED_ALREADY = "DeploymentAlreadyCompletedException"
_NOT_WAITING_YET = {
    "DeploymentIsNotInReadyStateException",
    "InvalidDeploymentStatusException",
    "UnsupportedActionForDeploymentTypeException",
}


@dataclass(frozen=True)
class End:
    """What CloudFormation is to be told."""

    status: str
    reason: str


def take(request: ReleaseRequest, progress: Progress, now: float) -> End | None:
    """Take one step.

    Args:
        request: What the stack asks for.
        progress: What the request remembers; changed in place.
        now: The time in seconds since the epoch.

    Returns:
        The end, or None when another step is needed.
    """
    try:
        seen = observe(request, progress, now)
        decision = _with_evidence(decide(seen), seen, request, now)
        _act(decision, request, progress, now)
    except (ClientError, BotoCoreError, LookupError) as error:
        decision = _decide_on_error(error, request, progress, now)
    else:
        progress.waiting_since.pop(WaitFor.AWS, None)
    _log.info("decided", extra={"service": request.physical_id, "version": request.version, "decision": str(decision)})
    match decision:
        case Succeed(reason):
            return End("SUCCESS", reason)
        case Fail(message):
            return End("FAILED", message)
    return None


def _with_evidence(decision: Decision, seen: Observation, request: ReleaseRequest, now: float) -> Decision:
    """Before a failure is told, ask the hook's log for the reason, and put it into the message."""
    if not isinstance(decision, Fail) or seen.followed is None:
        return decision
    hook = hook_evidence.report(request, seen.followed, now)
    return decide(dataclasses.replace(seen, hook=hook)) if hook else decision


def _decide_on_error(error: Exception, request: ReleaseRequest, progress: Progress, now: float) -> Decision:
    problem = aws_clients.describe(error)
    _log.warning("AWS refused or did not answer", extra={"service": request.physical_id, "error": problem})
    if request.kind is RequestType.DELETE:
        return Succeed(f"the service is deleted although its deployments could not be looked at: {problem}")
    if not aws_clients.may_pass(error):
        return Fail(f"release of {request.version} failed: {problem}")
    progress.wait(WaitFor.AWS, now)
    return decide_without_sight(progress.elapsed(now), progress.waited(now)[WaitFor.AWS], problem)


def _act(decision: Decision, request: ReleaseRequest, progress: Progress, now: float) -> None:
    match decision:
        case StartDeployment():
            _start(request, progress, now)
        case Follow(deployment_id):
            progress.deployment_id = deployment_id
        case EndTerminationWait(deployment_id):
            _end_termination_wait(deployment_id, progress, now)
        case Stop(deployment_id, rollback, because):
            _stop(deployment_id, progress, now, rollback=rollback)
            progress.stopped_because = because
        case Wait(reason):
            progress.wait(reason, now)


def _start(request: ReleaseRequest, progress: Progress, now: float) -> None:
    try:
        answer = aws_clients.client("codedeploy").create_deployment(
            applicationName=request.application,
            deploymentGroupName=request.deployment_group,
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": request.appspec.to_json()}},
            description=f"release of {request.version} ({short(request.appspec.task_definition)})"[:256],
        )
    except ClientError as error:
        if aws_clients.code_of(error) != "DeploymentLimitExceededException":
            raise
        progress.wait(WaitFor.OTHER_RELEASE, now)  # one that the list did not show yet; the next look will
        return
    progress.deployment_id = answer["deploymentId"]


def _end_termination_wait(deployment_id: str, progress: Progress, now: float) -> None:
    progress.wait(WaitFor.REMOVAL, now)
    try:
        aws_clients.client("codedeploy").continue_deployment(
            deploymentId=deployment_id, deploymentWaitType="TERMINATION_WAIT"
        )
    except ClientError as error:
        if aws_clients.code_of(error) in _NOT_WAITING_YET:
            return
        if aws_clients.code_of(error) != _ENDED_ALREADY:
            raise
    progress.asked.add(deployment_id)


def _stop(deployment_id: str, progress: Progress, now: float, *, rollback: bool) -> None:
    progress.wait(WaitFor.STOP, now)
    try:
        aws_clients.client("codedeploy").stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=rollback)
    except ClientError as error:
        if aws_clients.code_of(error) != _ENDED_ALREADY:
            raise
    progress.asked.add(deployment_id)
