"""The decision: from what was seen, what to do next so that the service comes to run what the stack asks for.

Pure. Called again and again, each time with a new observation, until it says `Succeed` or `Fail`. Three things always
hold: it starts a deployment only when none is active, it calls a version live only when production is wholly on it and
its last hook has passed, and it always comes to an end.
"""

from .decisions import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    HandOn,
    Limits,
    RestoreTraffic,
    ScaleUp,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
)
from .deployment import Deployment, DeploymentStatus
from .messages import failure, given_up, refusal, unfinished
from .observation import Observation, RequestType, WaitFor, short

__all__ = [
    "Decision",
    "EndTerminationWait",
    "Fail",
    "Follow",
    "HandOn",
    "Limits",
    "RestoreTraffic",
    "ScaleUp",
    "StartDeployment",
    "Stop",
    "Succeed",
    "Wait",
    "decide",
    "decide_without_sight",
]


def decide(seen: Observation, limits: Limits | None = None) -> Decision:
    """Decide what to do next.

    Args:
        seen: What was seen.
        limits: How long to wait for what; the documented values when omitted.

    Returns:
        One thing to do.

    Example:
        >>> seen = Observation(
        ...     request=RequestType.UPDATE, version="v2", desired="orders:2", primary="orders:1", primary_percent=100
        ... )
        >>> decide(seen)
        StartDeployment(without_alarms=(), back=False)
    """
    limits = limits or Limits()
    if seen.request is RequestType.DELETE:
        return _delete(seen, limits)
    if seen.request is RequestType.CREATE:
        return Succeed(f"{seen.version} is what the service was created with")
    decision = _follow(seen, seen.followed, limits) if seen.followed else _converge(seen, limits)
    if not isinstance(decision, Succeed | Fail) and seen.elapsed_seconds >= limits.deadline:
        return Fail(unfinished(seen, limits.deadline))
    return decision


def decide_without_sight(
    elapsed_seconds: int, waited_seconds: int, problem: str, limits: Limits | None = None
) -> Decision:
    """Decide when AWS could not be asked: wait for a while, then give up rather than guess.

    Args:
        elapsed_seconds: How long ago the request came.
        waited_seconds: How long AWS has not answered.
        problem: What went wrong.
        limits: How long to wait; the documented values when omitted.

    Returns:
        `Wait` or `Fail`.
    """
    limits = limits or Limits()
    if waited_seconds >= limits.aws or elapsed_seconds >= limits.deadline:
        return Fail(
            f"the release could not be followed: {problem}; look at the deployment group before deploying again"
        )
    return Wait(WaitFor.AWS, problem)


def _delete(seen: Observation, limits: Limits) -> Decision:
    """End what is under way, but never hold up the deletion for it."""
    active = seen.active
    if active is None:
        return Succeed("nothing is under way")
    if _waited(seen, WaitFor.STOP) >= limits.stop or seen.elapsed_seconds >= limits.deadline:
        return Succeed(f"deployment {active.id} has not stopped yet; the service is deleted all the same")
    if active.id in seen.asked:
        return Wait(WaitFor.STOP, active.id)
    return Stop(active.id, rollback=False)


def _converge(seen: Observation, limits: Limits) -> Decision:
    """Nothing is followed yet: find out what there is to do."""
    active = seen.active
    if active is None:
        return _with_nothing_active(seen, limits)
    if active.only_waits_to_remove:
        return _with_old_tasks_kept(seen, active, limits)
    if active.task_definition == seen.desired:
        return _with_rollback_to_it(seen, active, limits) if active.rolls_back else Follow(active.id)
    return _with_another_under_way(seen, active, limits)


def _with_nothing_active(seen: Observation, limits: Limits) -> Decision:
    if seen.live == seen.desired:
        return Succeed(f"{seen.version} is live already")
    if seen.live is None and _waited(seen, WaitFor.SPLIT) < limits.traffic:
        return Wait(WaitFor.SPLIT, seen.traffic)  # just after a failure, CodeDeploy's rollback has not begun yet
    if seen.elapsed_seconds >= limits.give_up:
        return Fail(unfinished(seen, limits.give_up))
    return StartDeployment()


def _with_old_tasks_kept(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    if seen.live == seen.desired:
        return Succeed(f"{seen.version} is live already; {active.id} only keeps the tasks before it for a while")
    if active.id not in seen.asked:
        return EndTerminationWait(active.id)
    if _waited(seen, WaitFor.REMOVAL) >= limits.removal:
        return Fail(refusal(seen, active, limits.removal))
    return Wait(WaitFor.REMOVAL, active.id)


def _with_rollback_to_it(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    """The stack goes back to where CodeDeploy goes back: once traffic is there, a rollback's end is only waited for."""
    if seen.live != seen.desired:
        return Follow(active.id)
    if _waited(seen, WaitFor.ROLLBACK_END) >= limits.rollback_end:
        return Succeed(f"{seen.version} is live again; rollback {active.id} still tidies up")
    return Wait(WaitFor.ROLLBACK_END, active.id)


def _with_another_under_way(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    if _waited(seen, WaitFor.OTHER_RELEASE) >= limits.other_release:
        return Fail(refusal(seen, active, limits.other_release))
    going_back = active.task_definition == seen.previous and seen.primary == seen.desired and not active.rolls_back
    if going_back and active.id not in seen.asked:
        return Stop(active.id, rollback=True)  # CloudFormation takes back the very release that is under way
    return Wait(WaitFor.OTHER_RELEASE, f"{active.id} releases {short(active.task_definition)}")


def _follow(seen: Observation, followed: Deployment, limits: Limits) -> Decision:
    if followed.ended_badly:
        return _see_rollback_through(seen, followed, limits)
    if followed.passed:
        return _see_traffic_arrive(seen, followed, limits)
    if followed.installs and followed.id not in seen.asked and seen.candidate and seen.candidate.is_hopeless:
        return Stop(followed.id, rollback=True, because=given_up(seen.candidate, seen.log_group))
    turn_back = seen.elapsed_seconds >= limits.give_up and not followed.rolls_back
    if turn_back and followed.id not in seen.asked:
        return Stop(followed.id, rollback=True)
    if followed.status is DeploymentStatus.READY:
        return Wait(WaitFor.APPROVAL, followed.id)
    return Wait(WaitFor.STEP, f"{followed.id} at {followed.current_step or followed.status}")


def _see_traffic_arrive(seen: Observation, followed: Deployment, limits: Limits) -> Decision:
    if seen.live == seen.desired:
        return Succeed(f"{seen.version} serves all of production since {followed.id}")
    if _waited(seen, WaitFor.ARRIVAL) >= limits.traffic:
        return Fail(failure(seen, followed))
    return Wait(WaitFor.ARRIVAL, seen.traffic)


def _see_rollback_through(seen: Observation, followed: Deployment, limits: Limits) -> Decision:
    rollback = seen.rollback
    if rollback is not None:
        if rollback.ended or rollback.only_waits_to_remove:
            return Fail(failure(seen, followed))
        return Wait(WaitFor.ROLLBACK_END, rollback.id)
    touched = followed.may_have_changed_anything
    bound = limits.rollback_start if touched else limits.rollback_start_before_install
    if _waited(seen, WaitFor.ROLLBACK_START) >= bound:
        return Fail(failure(seen, followed))
    return Wait(WaitFor.ROLLBACK_START, followed.id)


def _waited(seen: Observation, reason: WaitFor) -> int:
    return seen.waited.get(reason, 0)
