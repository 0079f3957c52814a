"""What both ways share: to let a rollback begin and end, and to repair a listener that somebody has overwritten."""

from .decisions import Decision, Fail, Follow, Limits, RestoreTraffic, Succeed, Wait
from .deployment import Deployment, DeploymentStatus
from .messages import not_restored
from .observation import Observation, WaitFor


def rollback_begins_within(deployment: Deployment, limits: Limits) -> int:
    """Return for how many seconds to wait for CodeDeploy to name its rollback of a deployment."""
    if deployment.rolls_back:
        return 0  # what undoes another one is not undone itself
    return limits.rollback_start if deployment.may_have_changed_anything else limits.rollback_start_before_install


def settle(seen: Observation, limits: Limits) -> Decision | None:
    """Let traffic come to rest where it is to be, while nothing moves it.

    Args:
        seen: What was seen; at most, a deployment only waits to remove the previous tasks.
        limits: How long to wait for what.

    Returns:
        One thing to do; None when production is elsewhere, so that it must be moved.
    """
    if seen.active is None and (settling := _await_rollback(seen, limits)):
        return settling
    if seen.live == seen.desired:
        keeps = f"; {seen.active.id} only keeps the tasks before it for a while" if seen.active else ""
        return Succeed(f"{seen.version} is live already{keeps}")
    return restore(seen, limits) if seen.primary == seen.desired else None


def _await_rollback(seen: Observation, limits: Limits) -> Wait | None:
    """Wait for the rollback of a deployment that this request stopped: it would meet what is started now."""
    stopped = seen.stopped
    if stopped is None or stopped.rollback_id is not None or stopped.status is DeploymentStatus.SUCCEEDED:
        return None
    if seen.waited_for(WaitFor.OTHER_ROLLBACK_START) >= rollback_begins_within(stopped, limits):
        return None
    return Wait(WaitFor.OTHER_ROLLBACK_START, stopped.id)


def see_rollback_arrive(seen: Observation, active: Deployment, limits: Limits) -> Decision:
    """The stack goes where CodeDeploy goes back to: once traffic is there, a rollback's end is only waited for."""
    if seen.live != seen.desired:
        return Follow(active.id)
    if seen.waited_for(WaitFor.ROLLBACK_END) >= limits.rollback_end:
        return Succeed(f"{seen.version} is live again; rollback {active.id} still tidies up")
    return Wait(WaitFor.ROLLBACK_END, active.id)


def restore(seen: Observation, limits: Limits) -> Decision:
    """The tasks are PRIMARY, nothing moves traffic, and yet production is not wholly on them: repair the listener.

    Args:
        seen: What was seen.
        limits: How long to wait for what.

    Returns:
        `Wait` at first, because a listener may lag; then `RestoreTraffic`; in the end `Fail`.
    """
    if seen.waited_for(WaitFor.RESTORED) >= limits.traffic:
        return Fail(not_restored(seen))
    if seen.waited_for(WaitFor.RESTORED) >= limits.traffic_restored:
        return RestoreTraffic()
    return Wait(WaitFor.RESTORED, seen.traffic)
