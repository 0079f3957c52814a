"""A service's first tasks: it was created without any, so that a broken version fails here, soon and with its reason.

CloudFormation itself would wait three hours for a service whose tasks never become healthy, and then not say why.
"""

from .decisions import Decision, Fail, Limits, ScaleUp, Succeed, Wait
from .messages import given_up, not_created, unhealthy
from .observation import Observation, WaitFor


def create(seen: Observation, _limits: Limits) -> Decision:
    """Decide what to do next for a service that was just created.

    Args:
        seen: What was seen.
        _limits: How long to wait for what; the first tasks' time is the observation's own.

    Returns:
        One thing to do.
    """
    if seen.cancelled:
        return Fail(not_created(seen, "CloudFormation takes the creation back"))
    if seen.desired_tasks < seen.wanted_tasks:
        return ScaleUp(seen.wanted_tasks)
    if seen.steady and seen.live == seen.desired:
        return Succeed(f"{seen.version} is what the service was created with; its first tasks are healthy")
    if seen.candidate and seen.candidate.is_hopeless:
        return Fail(not_created(seen, given_up(seen.candidate, seen.log_group, what="it")))
    if seen.waited_for(WaitFor.FIRST_TASKS) >= seen.start_seconds:
        return Fail(not_created(seen, unhealthy(seen, "the first tasks")))
    return Wait(WaitFor.FIRST_TASKS, seen.traffic)
