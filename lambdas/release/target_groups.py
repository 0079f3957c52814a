"""Brings health checks and deregistration delays to target groups, of which the stack itself renders neither."""

from collections.abc import Iterable

import aws_clients
from bluegreen.release.health_check import Change

_DELAY = "deregistration_delay.timeout_seconds"


def apply(changes: Iterable[Change]) -> None:
    """Set what differs; a target group that is as it should be is not touched.

    Args:
        changes: What to set on which group.

    Raises:
        botocore.exceptions.ClientError: If AWS refused.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    for change in changes:
        _check(change)
        _delay(change)


def _check(change: Change) -> None:
    elb = aws_clients.client("elbv2")
    (present,) = elb.describe_target_groups(TargetGroupArns=[change.group])["TargetGroups"]
    if any(present.get(name) != value for name, value in change.health_check.items()):
        elb.modify_target_group(TargetGroupArn=change.group, **change.health_check)


def _delay(change: Change) -> None:
    elb = aws_clients.client("elbv2")
    attributes = elb.describe_target_group_attributes(TargetGroupArn=change.group)["Attributes"]
    wanted = {"Key": _DELAY, "Value": str(change.deregistration_seconds)}
    if wanted not in attributes:
        elb.modify_target_group_attributes(TargetGroupArn=change.group, Attributes=[wanted])
