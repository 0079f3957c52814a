"""Looks at a service, its listener and its deployments, and says what was seen in the domain's words."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
import candidate_tasks
import deployments
import listeners
import service_view
import stack_status
from bluegreen.release.deployment import Deployment
from bluegreen.release.observation import Observation, RequestType, is_rolling_back
from release_progress import Progress
from release_request import ReleaseRequest
from service_view import ServiceView


@dataclass(frozen=True)
class Sight:
    """What was seen: for the decision, and for carrying it out."""

    observation: Observation
    service: ServiceView | None


def observe(request: ReleaseRequest, progress: Progress, now: float) -> Sight:
    """Look at everything that the decision needs, and at nothing else.

    Args:
        request: What the stack asks for.
        progress: What the request remembers; whether CloudFormation takes an update back is remembered in it.
        now: The time in seconds since the epoch.

    Returns:
        What was seen.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
        LookupError: If the service or its listener does not exist.
    """
    seen = _asked_for(request) | {
        "asked": frozenset(progress.asked),
        "elapsed_seconds": progress.elapsed(now),
        "waited": progress.waited(now),
        "stopped_because": progress.stopped_because,
        "ignored_alarms": tuple(progress.ignored_alarms),
        "handed_on": progress.handed_on,
    }
    if request.kind is RequestType.DELETE:
        return Sight(Observation(**seen, active=_active_if_any(request, now)), None)
    if not progress.handed_on:
        _look_at_the_stack(request, progress)
    service = service_view.look(request.cluster, request.service)
    seen |= {"rolling_back": bool(progress.rolling_back), "cancelled": progress.cancelled}
    seen |= _production(request, service)
    if request.kind is RequestType.CREATE:
        candidate = candidate_tasks.look(
            request.cluster, request.service, service.primary, container=request.appspec.container_name
        )
        return Sight(Observation(**seen, candidate=candidate), service)
    return Sight(Observation(**seen, **_releases(request, service, progress, now)), service)


def _asked_for(request: ReleaseRequest) -> dict[str, Any]:
    return {
        "request": request.kind,
        "version": request.version,
        "desired": request.appspec.task_definition,
        "previous": request.previous_task_definition,
        "log_group": request.log_group,
        "override": request.override,
        "when_busy": request.when_busy,
        "hook_seconds": request.hook_seconds,
        "start_seconds": request.start_seconds,
        "hands_on": request.hands_on,
        "wanted_tasks": request.min_tasks,
        "approval_minutes": request.approval_minutes,
    }


def _look_at_the_stack(request: ReleaseRequest, progress: Progress) -> None:
    """Find out whether the request takes an update back, or whether its own update is being taken back meanwhile."""
    status = stack_status.ask(request.stack_id)
    if progress.rolling_back is None:
        # A late request of the way forward may arrive when CloudFormation has begun to go back already.
        late = stack_status.newer(request.appspec.task_definition, request.previous_task_definition)
        progress.rolling_back = request.kind is RequestType.UPDATE and is_rolling_back(status) and not late
    # Remembered, because the stack's next update would hide it.
    progress.cancelled |= not progress.rolling_back and "ROLLBACK" in status


def _production(request: ReleaseRequest, service: ServiceView) -> dict[str, Any]:
    seen = {"desired_tasks": service.desired_tasks, "steady": service.steady, "kept": service.kept}
    if service.primary is None:
        return seen
    weights = listeners.weights(listeners.describe(request.production_listener))
    total = sum(weights.values())
    share = weights.get(service.live_group or "", 0)
    percent = 100 * share // total if total else 0
    return seen | {"primary": service.primary["taskDefinition"], "primary_percent": percent}


def _releases(request: ReleaseRequest, service: ServiceView, progress: Progress, now: float) -> dict[str, Any]:
    if progress.deployment_id is None:
        desired, brought = request.appspec.task_definition, service.brought
        group = deployments.look(
            request.application, request.deployment_group, task_definition=desired, brought=brought, now=now
        )
        return {"active": group.active, "last": group.last, "undone": group.undone}
    followed = deployments.read(progress.deployment_id, service.brought, now)
    rollback = deployments.read(followed.rollback_id, service.brought, now) if followed.rollback_id else None
    looks = followed.installs and followed.id not in progress.asked
    task_set = service.made_by(followed.id) if looks else None
    candidate = candidate_tasks.look(
        request.cluster, request.service, task_set, container=request.appspec.container_name
    )
    return {"followed": followed, "rollback": rollback, "candidate": candidate}


def _active_if_any(request: ReleaseRequest, now: float) -> Deployment | None:
    try:
        return deployments.active(request.application, request.deployment_group, now=now)
    except ClientError as error:
        if aws_clients.code_of(error) in deployments.GONE:
            return None
        raise
