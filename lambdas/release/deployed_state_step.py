"""One step of a Custom::DeployedState: look, decide, and attach imported listeners."""

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
import deployments
import listeners
import stack_status
from answer import Answer
from bluegreen.release.convergence import Decision, Fail, Succeed, Wait, decide_without_sight
from bluegreen.release.deployed_state import Answer as State
from bluegreen.release.deployed_state import DeployedStateObservation, Weights, decide_deployed_state
from bluegreen.release.observation import RequestType, WaitFor, is_rolling_back
from deployed_state_request import DeployedStateRequest
from release_progress import Progress

_log = logging.getLogger("release")

_NOT_MADE = "not-made"
"""The physical id of a resource whose creation failed: CloudFormation wants one, and deletes it next."""


def take(request: DeployedStateRequest, progress: Progress, now: float) -> Answer | None:
    """Take one step.

    Args:
        request: What the stack asks for.
        progress: What the request remembers; changed in place.
        now: The time in seconds since the epoch.

    Returns:
        What to tell CloudFormation, or None when another step is needed.
    """
    decision: State | Decision
    try:
        decision = decide_deployed_state(_observe(request, progress, now))
        _act(decision, request, progress, now)
    except (ClientError, BotoCoreError, LookupError, ValueError) as error:
        decision = _decide_on_error(error, request, progress, now)
    else:
        progress.waiting_since.pop(WaitFor.AWS, None)
    _log.info("decided", extra={"deployment_group": request.deployment_group, "decision": str(decision)})
    resource_id = request.physical_id or _NOT_MADE
    match decision:
        case State(physical_id=made):
            reason = "this is the deployed state"
            return Answer(succeeded=True, reason=reason, resource_id=made, attributes=decision.attributes)
        case Succeed(reason):
            return Answer(succeeded=True, reason=reason, resource_id=resource_id)
        case Fail(message):
            return Answer(succeeded=False, reason=message, resource_id=resource_id)
    return None


def _observe(request: DeployedStateRequest, progress: Progress, now: float) -> DeployedStateObservation:
    seen: dict[str, Any] = {
        "request": request.kind,
        "fixed": request.fixed,
        "initial": request.initial,
        "old_fixed": request.old_fixed,
        "physical_id": request.physical_id,
        "waited": progress.waited(now),
    }
    if request.kind is RequestType.CREATE:
        return DeployedStateObservation(**seen, foreign=_foreign(request))
    if request.kind is RequestType.UPDATE and request.keeps_what_is_fixed:
        seen["rolling_back"] = is_rolling_back(stack_status.ask(request.stack_id))
        group = deployments.look(request.application, request.deployment_group, now=now)
        seen |= {"active": group.active, "last": group.last}
        seen["weights"] = _weights(request)
    return DeployedStateObservation(**seen)


def _foreign(request: DeployedStateRequest) -> tuple[str, ...]:
    """Return the target groups that imported listeners serve already and that are not the service's."""
    found = [group for arn in request.attach_to for group in listeners.weights(listeners.describe(arn))]
    return tuple(dict.fromkeys(group for group in found if group not in request.target_groups))


def _weights(request: DeployedStateRequest) -> Weights | None:
    if request.attach_to:
        production, test = (listeners.weights(listeners.describe(arn)) for arn in request.attach_to)
        return Weights.of(production, test, request.target_groups)
    found = listeners.of_load_balancer(request.fixed["LoadBalancer"])
    return Weights.of(
        _weights_at(request.production_ports, found, request.target_groups),
        _weights_at(request.test_ports, found, request.target_groups),
        request.target_groups,
    )


def _weights_at(
    ports: Collection[int], found: Iterable[Mapping[str, Any]], target_groups: Collection[str]
) -> dict[str, int] | None:
    """Return the weights of the listener at one of the ports; one that forwards elsewhere, or nowhere, is another's."""
    for listener in found:
        weights = listeners.weights(listener)
        if listener.get("Port") in ports and weights.keys() & set(target_groups):
            return weights
    return None


def _act(decision: object, request: DeployedStateRequest, progress: Progress, now: float) -> None:
    blue, green = request.target_groups
    match decision:
        case State() if request.kind is RequestType.CREATE and request.attach_to:
            listeners.forward(request.attach_to, {blue: 100, green: 0})
        case Succeed() if request.attach_to:
            _detach(request)
        case Wait(reason):
            progress.wait(reason, now)


def _detach(request: DeployedStateRequest) -> None:
    """Free the target groups for their deletion, best effort: the listener is not the stack's, and may be gone."""
    try:
        listeners.answer_unavailable(request.attach_to)
    except (ClientError, BotoCoreError) as error:
        _log.warning("cannot detach the listeners", extra={"error": aws_clients.describe(error)})


def _decide_on_error(error: Exception, request: DeployedStateRequest, progress: Progress, now: float) -> Decision:
    problem = aws_clients.describe(error)
    _log.warning("AWS refused or did not answer", extra={"error": problem})
    if request.kind is RequestType.DELETE:
        return Succeed(f"the deployed state is forgotten: {problem}")
    if not aws_clients.may_pass(error):
        return Fail(f"the deployed state could not be found out: {problem}")
    progress.wait(WaitFor.AWS, now)
    return decide_without_sight(progress.elapsed(now), progress.waited(now)[WaitFor.AWS], problem)
