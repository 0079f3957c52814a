"""The decision: from what was seen, what to do next so that the service comes to run what the stack asks for.

Pure. Called again and again, each time with a new observation, until it says `Succeed` or `Fail`. Five things always
hold: it starts a deployment only when none is active; it calls a version live only when production is wholly on it and
its last hook has passed; a way back is gated by nothing; a request that CloudFormation no longer waits for begins
nothing; and it always comes to an end.
"""

from .creating import create
from .decisions import (
    Decision,
    EndTerminationWait,
    Fail,
    Follow,
    HandOn,
    LetGo,
    Limits,
    RestoreTraffic,
    ScaleUp,
    StartDeployment,
    Stop,
    Succeed,
    Wait,
)
from .following import follow
from .messages import unfinished
from .observation import Observation, RequestType, WaitFor
from .releasing import release
from .taking_back import take_back

__all__ = [
    "Decision",
    "EndTerminationWait",
    "Fail",
    "Follow",
    "HandOn",
    "LetGo",
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
    decision = _decide_without_deadline(seen, limits)
    last = limits.ends_at(seen)
    if not isinstance(decision, Succeed | Fail) and seen.elapsed_seconds >= last:
        return Fail(unfinished(seen, last))
    return decision


def decide_without_sight(
    elapsed_seconds: int, waited_seconds: int, problem: str, limits: Limits | None = None, *, handed_on: bool = False
) -> Decision:
    """Decide when AWS could not be asked: wait for a while, then give up rather than guess.

    Args:
        elapsed_seconds: How long ago the request came.
        waited_seconds: How long AWS has not answered.
        problem: What went wrong.
        limits: How long to wait; the documented values when omitted.
        handed_on: Whether CloudFormation has been told already.

    Returns:
        `Wait` or `Fail`.
    """
    limits = limits or Limits()
    patience = limits.handed_on_aws if handed_on else limits.aws
    if waited_seconds >= patience or elapsed_seconds >= (limits.handed_on_deadline if handed_on else limits.deadline):
        return Fail(
            f"the release could not be followed: {problem}; look at the deployment group before deploying again"
        )
    return Wait(WaitFor.AWS, problem)


def _decide_without_deadline(seen: Observation, limits: Limits) -> Decision:
    if seen.request is RequestType.CREATE:
        return create(seen, limits)
    if seen.followed:
        return follow(seen, seen.followed, limits)
    return take_back(seen, limits) if seen.rolling_back else release(seen, limits)


def _delete(seen: Observation, limits: Limits) -> Decision:
    """End what is under way, but never hold up the deletion for it."""
    active = seen.active
    if active is None:
        return Succeed("nothing is under way")
    if seen.waited_for(WaitFor.STOP) >= limits.stop or seen.elapsed_seconds >= limits.deadline:
        return Succeed(f"deployment {active.id} has not stopped yet; the service is deleted all the same")
    if active.id in seen.asked:
        return Wait(WaitFor.STOP, active.id)
    return Stop(active.id, rollback=False)
