"""A deployment that is followed: to its end, to the end of its rollback, or to where CloudFormation need not wait."""

from .decisions import (
    Decision,
    Fail,
    HandOn,
    LetGo,
    Limits,
    Stop,
    Succeed,
    Wait,
)
from .deployment import Deployment, DeploymentStatus
from .failure_message import failure
from .messages import given_up, handed_on, hook_unanswered, released, unhealthy
from .observation import Observation, WaitFor
from .settling import restore, rollback_begins_within


def follow(seen: Observation, followed: Deployment, limits: Limits) -> Decision:
    """Decide what to do next about the followed deployment.

    Args:
        seen: What was seen.
        followed: The deployment.
        limits: How long to wait for what.

    Returns:
        One thing to do.
    """
    if followed.ended_badly:
        return _see_rollback_through(seen, followed, limits)
    if followed.passed:
        return _see_traffic_arrive(seen, followed, limits)
    if followed.id not in seen.asked and not followed.rolls_back:
        decision = _turn_back(seen, followed, limits) or _hand_on(seen, followed)
        if decision:
            return decision
    if followed.status is DeploymentStatus.READY:
        return Wait(WaitFor.APPROVAL, followed.id)
    return Wait(WaitFor.STEP, f"{followed.id} at {followed.current_step or followed.status}")


def _turn_back(seen: Observation, followed: Deployment, limits: Limits) -> Stop | None:
    """Stop what cannot end well, long before CodeDeploy's own limits of an hour a step."""
    because = _hopeless(seen, followed) or _unanswered(seen, followed, limits)
    if because or seen.elapsed_seconds >= limits.turns_back_at(seen):
        return Stop(followed.id, rollback=True, because=because)
    return None


def _hopeless(seen: Observation, followed: Deployment) -> str | None:
    if not followed.installs:
        return None
    if seen.candidate and seen.candidate.is_hopeless:
        return given_up(seen.candidate, seen.log_group)
    late = (followed.running_seconds or 0) >= seen.start_seconds
    return unhealthy(seen, "the candidate's tasks") if late else None


def _unanswered(seen: Observation, followed: Deployment, limits: Limits) -> str | None:
    step = followed.current_step or ""
    allowed = seen.hook_seconds.get(step)
    if allowed is None or (followed.running_seconds or 0) <= allowed + limits.hook_answer:
        return None
    return hook_unanswered(step, allowed)


def _hand_on(seen: Observation, followed: Deployment) -> HandOn | None:
    """CloudFormation's part is over once the candidate is tested and traffic may move; a way back it must see end."""
    takes_back = seen.rolling_back and seen.desired != seen.previous
    due = seen.hands_on and not (seen.handed_on or seen.cancelled or takes_back)
    tested = followed.status is DeploymentStatus.READY or followed.shifts
    return HandOn(handed_on(seen, followed)) if due and tested else None


def _see_traffic_arrive(seen: Observation, followed: Deployment, limits: Limits) -> Decision:
    if seen.live == seen.desired:
        return Succeed(released(seen, followed))
    if seen.handed_on and followed.ended:
        return Succeed(released(seen, followed))  # looked at rarely: another release may have followed it meanwhile
    if not followed.ended and seen.primary == seen.desired:
        return restore(seen, limits)
    if seen.waited_for(WaitFor.ARRIVAL) >= limits.traffic:
        return Fail(failure(seen, followed))
    return Wait(WaitFor.ARRIVAL, seen.traffic)


def _see_rollback_through(seen: Observation, followed: Deployment, limits: Limits) -> Decision:
    if followed.rolls_back and seen.rolling_back and seen.live != seen.desired:
        return LetGo()  # CodeDeploy's own way back failed, and there must be one
    rollback = seen.rollback
    if rollback is not None:
        if rollback.ended or rollback.only_waits_to_remove:
            return Fail(failure(seen, followed))
        return Wait(WaitFor.ROLLBACK_END, rollback.id)
    if seen.waited_for(WaitFor.ROLLBACK_START) >= rollback_begins_within(followed, limits):
        return Fail(failure(seen, followed))
    return Wait(WaitFor.ROLLBACK_START, followed.id)
