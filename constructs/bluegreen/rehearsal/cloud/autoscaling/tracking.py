"""Target tracking as functions of figures: which alarms a policy has, and what is to be done when one of them is red.

Written from the Application Auto Scaling user guide, "How target tracking scaling works", and the API reference.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bluegreen.rehearsal.cloud.api import ApiError, Document

PERIOD_SECONDS = 60
HIGH_PERIODS = 3
"""How many minutes in a row above the target let tasks be added."""

LOW_PERIODS = 15
"""How many minutes in a row well below the target let tasks be removed."""

LOW_SHARE = 0.9
"""What "well below" is: this share of the target."""

DEFAULT_COOLDOWN_SECONDS = 300
"""Of an ECS service, in both directions."""

_PREDEFINED = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}


class Direction(StrEnum):
    """Where a policy wants the desired count to go, in the words of its alarms' names."""

    OUT = "AlarmHigh"
    IN = "AlarmLow"


class Kept(StrEnum):
    """Why nothing is scaled although an alarm is red; the first two are the API's codes."""

    AT_MAXIMUM = "AlreadyAtMaxCapacity"
    AT_MINIMUM = "AlreadyAtMinCapacity"
    SUSPENDED = "suspended"
    COOLDOWN = "cooldown"
    OTHERS = "another policy would not remove tasks"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a decision is made on; times are cloud time.

    Args:
        direction: Which alarm is red.
        desired: The service's desired count.
        minimum: The fewest tasks.
        maximum: The most tasks.
        suspended: Whether scaling in this direction is suspended.
        value: The metric's newest value.
        target: What it is to be near to.
        since_last_seconds: How long ago this direction was last taken; None when it never was.
        cooldown_seconds: How long it has to rest after that.
        before_last: The desired count before it was last taken.
        others_agree: Whether every other policy that may remove tasks would remove some too.
    """

    direction: Direction
    desired: int
    minimum: int
    maximum: int
    suspended: bool
    value: float
    target: float
    since_last_seconds: float | None
    cooldown_seconds: float
    before_last: int
    others_agree: bool


def decide(now: Situation) -> int | Kept:
    """Return the new desired count, or why it stays.

    Tasks are added in proportion to the metric, rounded up. While an addition cools down, only what the one before did
    not already bring is added. Removing is documented as gradual, without a figure: here it is one task at a time.

    Example:
        >>> calm = Situation(
        ...     direction=Direction.OUT, desired=3, minimum=3, maximum=10, suspended=False, value=91.0, target=70.0,
        ...     since_last_seconds=None, cooldown_seconds=60, before_last=0, others_agree=True,
        ... )
        >>> decide(calm)
        4
    """
    if now.suspended:
        return Kept.SUSPENDED
    resting = now.since_last_seconds is not None and now.since_last_seconds < now.cooldown_seconds
    return _add(now, resting=resting) if now.direction is Direction.OUT else _remove(now, resting=resting)


def _remove(now: Situation, *, resting: bool) -> int | Kept:
    if now.desired <= now.minimum:
        return Kept.AT_MINIMUM
    if not now.others_agree:
        return Kept.OTHERS
    return Kept.COOLDOWN if resting else now.desired - 1


def _add(now: Situation, *, resting: bool) -> int | Kept:
    if now.desired >= now.maximum:
        return Kept.AT_MAXIMUM
    wanted = math.ceil((now.before_last if resting else now.desired) * now.value / now.target)
    if resting and wanted <= now.desired:
        return Kept.COOLDOWN
    return max(now.minimum, min(now.maximum, max(wanted, now.desired + 1)))


def alarms(policy: Document, arn: str, name: Mapping[Direction, str]) -> list[Document]:
    """Return the PutMetricAlarm requests of a policy: the high alarm, and the low one unless scale-in is disabled.

    Args:
        policy: PutScalingPolicy's request.
        arn: The policy's ARN, which is the alarms' action.
        name: The alarms' names by direction.

    Raises:
        ApiError: ValidationException for a metric that is unknown or incomplete.
    """
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    common = _metric(tracking, policy["ResourceId"]) | {
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.",
        "AlarmActions": [arn],
    }
    target = tracking["TargetValue"]
    high = common | {
        "AlarmName": name[Direction.OUT],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": target,
        "EvaluationPeriods": HIGH_PERIODS,
    }
    low = common | {
        "AlarmName": name[Direction.IN],
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": target * LOW_SHARE,
        "EvaluationPeriods": LOW_PERIODS,
    }
    return [high] if tracking.get("DisableScaleIn") else [high, low]


def _metric(tracking: Document, resource: str) -> Document:
    """Return the part of an alarm's request that says what it watches."""
    match tracking:
        case {"PredefinedMetricSpecification": {"PredefinedMetricType": kind}, **rest} if (
            kind in _PREDEFINED and "CustomizedMetricSpecification" not in rest
        ):
            _, cluster, service = resource.split("/")
            dimensions = [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}]
            metric = {"Namespace": "AWS/ECS", "MetricName": _PREDEFINED[kind], "Dimensions": dimensions}
            return metric | {"Statistic": "Average", "Period": PERIOD_SECONDS}
        case {"CustomizedMetricSpecification": {"Metrics": metrics}, **rest} if (
            "PredefinedMetricSpecification" not in rest
        ):
            return {"Metrics": [_with_period(metric) for metric in metrics]}
        case {"CustomizedMetricSpecification": {"MetricName": _, "Namespace": _, "Statistic": _} as metric, **rest} if (
            "PredefinedMetricSpecification" not in rest
        ):
            return {**metric, "Period": PERIOD_SECONDS}
    raise ApiError(
        "ValidationException",
        "the local cloud tracks one of "
        f"{', '.join(_PREDEFINED)} or a CustomizedMetricSpecification with Metrics or one metric, got {tracking}",
    )


def _with_period(query: Document) -> Document:
    """Give a metric the period that target tracking leaves out: it is always a minute."""
    if "MetricStat" not in query:
        return query
    return query | {"MetricStat": query["MetricStat"] | {"Period": PERIOD_SECONDS}}
