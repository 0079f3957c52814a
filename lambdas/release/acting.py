"""Carries out what was decided."""

from botocore.exceptions import ClientError

import aws_clients
import listeners
import service_settings
import starting
import target_groups
from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Follow,
    LetGo,
    RestoreTraffic,
    ScaleUp,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
)
from bluegreen.release.health_check import changes_at_creation, changes_without_a_release
from bluegreen.release.observation import RequestType, WaitFor
from release_progress import Progress
from release_request import ReleaseRequest
from service_view import ServiceView

_ENDED_ALREADY = "DeploymentAlreadyCompletedException"
_NOT_WAITING_YET = {
    "DeploymentIsNotInReadyStateException",
    "InvalidDeploymentStatusException",
    "UnsupportedActionForDeploymentTypeException",
}


def act(
    decision: Decision, request: ReleaseRequest, service: ServiceView | None, progress: Progress, now: float
) -> None:
    """Do what was decided, and remember it.

    Args:
        decision: What was decided.
        request: What the stack asks for.
        service: The service as it was seen; None when it was not looked at, as at a deletion.
        progress: What the request remembers; changed in place.
        now: The time in seconds since the epoch.

    Raises:
        botocore.exceptions.ClientError: If AWS refused.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    _prepare_creation(request, progress)
    match decision:
        case StartDeployment() if service:
            starting.start(decision, request, service, progress, now)
        case ScaleUp(tasks):
            service_settings.scale_up(
                request.cluster, request.service, tasks=tasks, grace_seconds=request.grace_seconds
            )
            progress.wait(WaitFor.FIRST_TASKS, now)
        case RestoreTraffic() if service:
            _restore_traffic(request, service)
        case Follow(deployment_id) if service:
            starting.prepare(request, service)
            progress.deployment_id = deployment_id
        case LetGo():
            progress.deployment_id = None
        case EndTerminationWait(deployment_id):
            _end_termination_wait(deployment_id, progress, now)
        case Stop(deployment_id, rollback, because):
            _stop(deployment_id, progress, now, rollback=rollback)
            progress.stopped_because = because or progress.stopped_because
        case Wait(reason):
            progress.wait(reason, now)
        case Succeed() if service and progress.deployment_id is None:
            _settle(request, service)


def _prepare_creation(request: ReleaseRequest, progress: Progress) -> None:
    """Once, before the first tasks: not with the first ScaleUp, because autoscaling may start them before."""
    if request.kind is RequestType.CREATE and not progress.prepared:
        target_groups.apply(changes_at_creation(request.settings, request.target_groups))
        progress.prepared = True


def _restore_traffic(request: ReleaseRequest, service: ServiceView) -> None:
    """Point both listeners at the live group again, as CodeDeploy leaves them; the other group stays attached."""
    if service.live_group not in request.target_groups:
        raise LookupError(f"the live tasks of {request.service} are in none of the service's two target groups")
    shares = {group: 100 if group == service.live_group else 0 for group in request.target_groups}
    listeners.forward([request.production_listener, request.test_listener], shares)


def _settle(request: ReleaseRequest, service: ServiceView) -> None:
    """Bring to the running service what can change without a release."""
    target_groups.apply(
        changes_without_a_release(request.settings, request.target_groups, service.live_group or "none")
    )
    service_settings.set_grace(
        request.cluster, request.service, grace_seconds=request.grace_seconds, present=service.grace_seconds
    )


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
