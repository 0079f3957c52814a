"""One step of a release: look, decide, act."""

import dataclasses
import logging
import time

from botocore.exceptions import BotoCoreError, ClientError

import acting
import aws_clients
import hook_evidence
import notifying
import red_alarms
import scale_in
from answer import Answer
from bluegreen.release.convergence import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    HandOn,
    StartDeployment,
    Stop,
    Succeed,
    decide,
    decide_without_sight,
)
from bluegreen.release.observation import Observation, RequestType, WaitFor
from observing import observe
from release_progress import Progress
from release_request import ReleaseRequest

_log = logging.getLogger("release")


def take(request: ReleaseRequest, progress: Progress, now: float) -> Answer | None:
    """Take one step.

    Args:
        request: What the stack asks for.
        progress: What the request remembers; changed in place.
        now: The time in seconds since the epoch.

    Returns:
        What to tell CloudFormation, or None when there is nothing to tell yet.
    """
    try:
        decision = _look_decide_act(request, progress, now)
    except (ClientError, BotoCoreError, LookupError, ValueError) as error:
        decision = _decide_on_error(error, request, progress, now)
    else:
        progress.waiting_since.pop(WaitFor.AWS, None)
    _log.info("decided", extra={"service": request.physical_id, "version": request.version, "decision": str(decision)})
    match decision:
        case Succeed(reason):
            return Answer(succeeded=True, reason=reason, resource_id=request.physical_id)
        case Fail(message):
            return Answer(succeeded=False, reason=message, resource_id=request.physical_id)
        case HandOn(reason):
            return Answer(succeeded=True, reason=reason, resource_id=request.physical_id, ends=False)
    return None


def _look_decide_act(request: ReleaseRequest, progress: Progress, now: float) -> Decision:
    sight = observe(request, progress, now)
    decision = _with_evidence(decide(sight.observation), sight.observation, request)
    ends = isinstance(decision, Succeed | Fail)
    if isinstance(decision, StartDeployment | Follow) or (progress.deployment_id and not ends):
        # At every step: the end of an earlier deployment may let scale-in go on just after this one has begun.
        scale_in.suspend(request.cluster, request.service)
    acting.act(decision, request, sight.service, progress, now)
    if request.kind is RequestType.DELETE and isinstance(decision, Stop) and sight.observation.active:
        # At once: whoever follows a release that was handed on may be deleted before it sees the end.
        notifying.tell_deleted(request, sight.observation.active, progress)
    if not ends:
        notifying.tell_when_ready(request, sight.observation.followed, progress, now)
    return decision


def _with_evidence(decision: Decision, seen: Observation, request: ReleaseRequest) -> Decision:
    """Decide again with what is asked only now: before a start, and before a failure is told."""
    begins = seen.request is RequestType.UPDATE and seen.followed is None and not seen.rolling_back
    if begins and isinstance(decision, StartDeployment | EndTerminationWait | Stop):
        return decide(dataclasses.replace(seen, red_alarms=red_alarms.among(request.alarms)))
    if isinstance(decision, Fail) and seen.followed is not None:
        hook = hook_evidence.report(request, seen.followed, time.time())
        return decide(dataclasses.replace(seen, hook=hook)) if hook else decision
    return decision


def _decide_on_error(error: Exception, request: ReleaseRequest, progress: Progress, now: float) -> Decision:
    problem = aws_clients.describe(error)
    _log.warning("AWS refused or did not answer", extra={"service": request.physical_id, "error": problem})
    if request.kind is RequestType.DELETE:
        return Succeed(f"the service is deleted although its deployments could not be looked at: {problem}")
    if not aws_clients.may_pass(error):
        return Fail(f"release of {request.version} failed: {problem}")
    progress.wait(WaitFor.AWS, now)
    return decide_without_sight(
        progress.elapsed(now), progress.waited(now)[WaitFor.AWS], problem, handed_on=progress.handed_on
    )
