"""What both ways share: to let a rollback begin and end, and to repair a listener that somebody has overwritten."""

from .decisions import Decision, Fail, Follow, Limits, RestoreTraffic, Succeed, Wait
from .deployment import Deployment
from .messages import not_restored
from .observation import Observation, WaitFor


def rollback_begins_within(deployment: Deployment, limits: Limits) -> int:
    """Return for how many seconds to wait for CodeDeploy to name its rollback of a deployment."""
    if deployment.rolls_back:
        return 0  # what undoes another one is not undone itself
    return limits.rollback_start if deployment.may_have_changed_anything else limits.rollback_start_before_install


def may_still_be_undone(last: Deployment, waited_seconds: int, limits: Limits) -> bool:
    """Return whether CodeDeploy may be about to roll back the group's newest deployment, while none is active.

    What is started before its rollback takes the rollback's place: CodeDeploy then refuses its own, and goes back to
    the version that failed when the new one fails, too. Whether a deployment is rolled back at all is not asked:
    whoever stopped it could decide otherwise than the group.

    Args:
        last: The deployment.
        waited_seconds: For how long this was waited for; counts only when it is not known how long ago it ended.
        limits: How long to wait for what.

    Returns:
        Whether to wait.
    """
    if not last.ended_badly or last.rollback_id is not None:
        return False
    since = waited_seconds if last.ended_seconds is None else last.ended_seconds
    return since < rollback_begins_within(last, limits)


def settle(seen: Observation, limits: Limits) -> Decision | None:
    """Let traffic come to rest where it is to be, while nothing moves it.

    Args:
        seen: What was seen; at most, a deployment only waits to remove the previous tasks.
        limits: How long to wait for what.

    Returns:
        One thing to do; None when production is elsewhere, so that it must be moved.
    """
    if seen.last and may_still_be_undone(seen.last, seen.waited_for(WaitFor.OTHER_ROLLBACK_START), limits):
        return Wait(WaitFor.OTHER_ROLLBACK_START, seen.last.id)
    if seen.live == seen.desired:
        keeps = f"; {seen.active.id} only keeps the tasks before it for a while" if seen.active else ""
        return Succeed(f"{seen.version} is live already{keeps}")
    return restore(seen, limits) if seen.primary == seen.desired else None


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
