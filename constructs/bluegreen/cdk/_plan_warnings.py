"""Warnings about plans that are allowed and rarely meant."""

from aws_cdk import Annotations
from constructs import Construct

from bluegreen.release.rollout import Rollout, Shift

from .rollback import RollbackPolicy

COMFORTABLE_MINUTES = 40
"""What a rollout may take when CloudFormation's hour must also hold the start of the tasks and the hooks."""


def warn_about(scope: Construct, rollout: Rollout, policy: RollbackPolicy) -> None:
    """Warn when a rollout is over before its alarms can fire, or may outlast CloudFormation's patience.

    Args:
        scope: Whose warnings they are.
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
    if rollout.longest_minutes > COMFORTABLE_MINUTES:
        Annotations.of(scope).add_warning_v2(
            "bluegreen:rollout-near-cloudformation-limit",
            f"the rollout takes up to {rollout.longest_minutes} minutes, and CloudFormation waits 60 for the start of "
            f"the tasks, the hooks and the rollout together; keep it at {COMFORTABLE_MINUTES} or less",
        )
