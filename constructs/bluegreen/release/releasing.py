"""The way forward, while no deployment is followed yet: find out what there is to do, and what stands in the way."""

from .decisions import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    Limits,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
)
from .deployment import Deployment
from .messages import cancelled, refusal, refusal_for_alarms, unfinished
from .observation import Observation, WaitFor, WhenBusy, short
from .settling import see_rollback_arrive, settle


def release(seen: Observation, limits: Limits) -> Decision:
    """Decide what to do next on the way forward.

    Args:
        seen: What was seen; nothing is followed.
        limits: How long to wait for what.

    Returns:
        One thing to do.
    """
    active = seen.active
    if seen.cancelled:
        # Nobody waits for the answer. Should it be the way back after all, with a task definition made anew, then a
        # failure would leave the stack where nobody can deploy.
        return Succeed(cancelled(seen))
    if active is None or active.only_waits_to_remove:
        decision = settle(seen, limits)
        if decision:
            return decision
    if active is None:
        return _with_nothing_active(seen, limits)
    if active.only_waits_to_remove:
        return _with_old_tasks_kept(seen, active, limits)
    if active.task_definition == seen.desired:
        return see_rollback_arrive(seen, active, limits) if active.rolls_back else Follow(active.id)
    return _with_another_under_way(seen, active, limits)


def _with_nothing_active(seen: Observation, limits: Limits) -> Decision:
    if seen.live is None and seen.waited_for(WaitFor.SPLIT) < limits.traffic:
        return Wait(WaitFor.SPLIT, seen.traffic)  # just after a failure, CodeDeploy's rollback has not begun yet
    if seen.elapsed_seconds >= limits.give_up:
        return Fail(unfinished(seen, limits.give_up))
    return _gate(seen) or StartDeployment(without_alarms=seen.red_alarms)


def _with_old_tasks_kept(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    if active.id not in seen.asked:
        return _gate(seen) or EndTerminationWait(active.id)  # a refusal must leave production its way back
    if seen.waited_for(WaitFor.REMOVAL) >= limits.removal:
        return Fail(refusal(seen, active, limits.removal))
    return Wait(WaitFor.REMOVAL, active.id)


def _with_another_under_way(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    if seen.waited_for(WaitFor.OTHER_RELEASE) >= limits.other_release:
        return Fail(refusal(seen, active, limits.other_release))
    if seen.when_busy is WhenBusy.STOP and not active.rolls_back and active.id not in seen.asked:
        return _gate(seen) or Stop(active.id, rollback=True)
    return Wait(WaitFor.OTHER_RELEASE, f"{active.id} releases {short(active.task_definition)}")


def _gate(seen: Observation) -> Fail | None:
    """CodeDeploy would stop the deployment at once; this way nothing is begun, and the message says what to do."""
    return Fail(refusal_for_alarms(seen)) if seen.red_alarms and seen.override is None else None
