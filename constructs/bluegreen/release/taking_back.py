"""The way back: CloudFormation takes an update back. It undoes what the update did to production, and nothing else.

No alarm, no hook and no other policy stands in its way. When production is on a version that the update did not bring,
somebody else put it there, and it stays.
"""

from .decisions import Decision, EndTerminationWait, Fail, Follow, Limits, StartDeployment, Stop, Succeed, Wait
from .deployment import Deployment
from .messages import refusal, unfinished
from .observation import Observation, WaitFor, short
from .settling import see_rollback_arrive, settle


def take_back(seen: Observation, limits: Limits) -> Decision:
    """Decide what to do next on the way back.

    Args:
        seen: What was seen; nothing is followed.
        limits: How long to wait for what.

    Returns:
        One thing to do.
    """
    active = seen.active
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
        return Wait(WaitFor.SPLIT, seen.traffic)
    if _somebody_elses(seen):
        return Succeed(_left_alone(seen))
    if seen.undone:
        # The stack thinks it live, because its release was handed on, and failed after that.
        return Succeed(f"{seen.version} failed when it was released, and is not brought back; {seen.traffic}")
    if seen.elapsed_seconds >= limits.give_up:
        return Fail(unfinished(seen, limits.give_up))
    return StartDeployment(back=True)


def _with_old_tasks_kept(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    if active.id in seen.asked:
        if max(seen.waited_for(WaitFor.REMOVAL), seen.waited_for(WaitFor.STOP)) >= limits.removal:
            return Fail(refusal(seen, active, limits.removal))
        return Wait(WaitFor.REMOVAL, active.id)
    if _somebody_elses(seen):
        return Succeed(_left_alone(seen))
    if seen.kept is None or active.rolls_back:
        return EndTerminationWait(active.id)
    # The old tasks take the traffic back at once. They are what production ran before the update, which need not be
    # what the stack thought: a release that was handed on may have failed since.
    return Stop(active.id, rollback=True)


def _with_another_under_way(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    ours = active.task_definition == seen.previous and not active.rolls_back
    if ours and active.id not in seen.asked:
        return Stop(active.id, rollback=True)  # the very release that is taken back
    if not ours and active.task_definition is not None and seen.primary != seen.previous:
        return Succeed(f"{_left_alone(seen)}; deployment {active.id} of {short(active.task_definition)} goes on")
    if seen.waited_for(WaitFor.OTHER_RELEASE) >= limits.other_release:
        return Fail(refusal(seen, active, limits.other_release))
    return Wait(WaitFor.OTHER_RELEASE, f"{active.id} releases {short(active.task_definition)}")


def _somebody_elses(seen: Observation) -> bool:
    """Whether production is wholly on a version that is neither what is taken back nor what was there before."""
    return seen.live is not None and seen.previous is not None and seen.live not in {seen.desired, seen.previous}


def _left_alone(seen: Observation) -> str:
    return f"nothing of the update is in production; {seen.traffic}"
