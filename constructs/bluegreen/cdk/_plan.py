"""What synthesis can say about a release's plan: how long it may take, and whether its alarms can fire in time."""

from collections.abc import Sequence

from aws_cdk import Annotations
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.release.budget import (
    LONGEST_HANDED_ON_MINUTES,
    LONGEST_RELEASE_MINUTES,
    added_up,
    fits,
    worst_case_minutes,
)
from bluegreen.release.rollout import Rollout, Shift

from .hooks import BoundHook
from .rollback import RollbackPolicy


def warn_about(scope: Construct, rollout: Rollout, policy: RollbackPolicy) -> None:
    """Warn when a rollout is over before its alarms can fire.

    Args:
        scope: Whose warning it is.
        rollout: How traffic moves.
        policy: What turns it back.
    """
    moved = rollout.schedule[-1][0]
    needed = policy.longest_detection_minutes
    if rollout.shift is not Shift.ALL_AT_ONCE and moved < needed:
        Annotations.of(scope).add_warning_v2(
            "bluegreen:rollout-shorter-than-detection",
            f"the slowest rollback alarm needs {needed} minutes to fire, but all traffic has moved after {moved}; "
            "lengthen the rollout or shorten the alarm's window",
        )


def outlives_cloudformation(
    rollout: Rollout, hooks: Sequence[BoundHook], start_minutes: int, notifications: sns.ITopic | None
) -> bool:
    """Return whether a release may take longer than CloudFormation waits, and so is handed on.

    Args:
        rollout: How traffic moves.
        hooks: What is called on the way.
        start_minutes: How long the tasks may take to become healthy.
        notifications: Where the outcome of a release that is handed on is told.

    Raises:
        ValueError: If it may, and nobody would be told the outcome; or if it may take longer than it is followed.
    """
    plan = (rollout, {hook.event.value: hook.longest_seconds for hook in hooks}, 60 * start_minutes)
    if fits(*plan):
        return False
    if worst_case_minutes(*plan) > LONGEST_HANDED_ON_MINUTES:
        raise ValueError(
            f"a release must take at most {LONGEST_HANDED_ON_MINUTES} minutes, for which it is followed, got "
            f"{added_up(*plan)}; shorten the rollout"
        )
    if notifications is None:
        raise ValueError(
            f"notifications must be given for a release longer than {LONGEST_RELEASE_MINUTES} minutes, which "
            f"CloudFormation does not wait for, got {added_up(*plan)}; shorten rollout, hooks or start_minutes, or "
            "pass the SNS topic where its outcome is to be told after the deploy has returned"
        )
    return True
