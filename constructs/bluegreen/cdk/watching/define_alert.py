"""Defining alerts, so that each one says what is wrong, at which limit, and where it is written what to do."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import minutes
from bluegreen.cdk._names import computed_name

from .alert import Alert, Severity

RUNBOOKS = "docs/runbooks.md"
"""Where the runbooks are unless a construct is told otherwise; an alert adds "#" and its section's anchor."""
_LONGEST_NAME = 255
_LONGEST_DESCRIPTION = 1024
_MOST_CHILDREN = 100
_SUPPRESSED = minutes(2)
"""Alarms of one trouble are raised by the minute, not at once."""
_WORDS = {
    cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD: "above",
    cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD: "at least",
    cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD: "below",
    cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD: "at most",
}


def define_alert(
    scope: Construct,
    construct_id: str,
    *,
    says: str,
    severity: Severity,
    runbook: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    evaluation_periods: int = 1,
    datapoints_to_alarm: int | None = None,
    comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    period_minutes: float | None = None,
) -> Alert:
    """Define an alarm that people act on. `AlarmTopics.tell` says whom it tells.

    Args:
        scope: The construct that it belongs to.
        construct_id: Its name there.
        says: What is wrong, without the limit and without a period, such as "Connections in percent of the limit".
        severity: How soon somebody must look.
        runbook: Where it is written what to do: a URL, or a path in the repository with an anchor.
        metric: What it compares with the limit: a metric or metric math, which brings its period and statistic.
        threshold: The limit, in the metric's unit.
        evaluation_periods: How many of the last periods are looked at, at least 1.
        datapoints_to_alarm: How many of them must be over the limit, 1-`evaluation_periods`; all of them when omitted.
        comparison: Which side of the limit is wrong; above it when omitted.
        missing: What a period without data counts as. Not wrong when omitted, because most metrics are silent when
            nothing happens; `BREACHING` is for what must never be silent.
        period_minutes: The metric's period, as the description says it. The metric is asked when omitted, which takes
            two calls into Node.

    Returns:
        The alert.

    Raises:
        ValueError: If the periods are out of range, the comparison is with a learnt band, the runbook is missing, or
            the description would be too long.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> lag = cloudwatch.Metric(namespace="Shop", metric_name="Lag", period=cdk.Duration.minutes(1))
        >>> alert = define_alert(
        ...     stack, "Lag", says="Orders lag, in seconds", severity=Severity.WARNING, runbook="docs/runbooks.md#lag",
        ...     metric=lag, threshold=60, evaluation_periods=5,
        ... )
        >>> alert.runbook
        'docs/runbooks.md#lag'
    """
    if evaluation_periods < 1:
        raise ValueError(f"evaluation_periods must be at least 1, got {evaluation_periods}")
    needed = evaluation_periods if datapoints_to_alarm is None else datapoints_to_alarm
    if not 1 <= needed <= evaluation_periods:
        raise ValueError(
            f"datapoints_to_alarm must be 1-{evaluation_periods}, as many as evaluation_periods at most, got {needed}"
        )
    if comparison not in _WORDS:
        raise ValueError(
            f"comparison must be with a fixed threshold, got {comparison}; see define_anomaly_alert for bands"
        )
    length = _length(metric, period_minutes)
    limit = f"{_WORDS[comparison]} {threshold:g} in {needed} of {evaluation_periods} periods{length}"
    name = _name(scope, construct_id)
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_name=name,
        alarm_description=_describe(f"{says}: {limit}", severity, runbook),
        metric=metric,
        threshold=threshold,
        evaluation_periods=evaluation_periods,
        datapoints_to_alarm=needed,
        comparison_operator=comparison,
        treat_missing_data=missing,
    )
    return Alert(alarm=alarm, severity=severity, runbook=runbook, name=name)


def define_anomaly_alert(
    scope: Construct,
    construct_id: str,
    *,
    says: str,
    severity: Severity,
    runbook: str,
    metric: cloudwatch.IMetric,
    deviations: float,
    comparison: cloudwatch.ComparisonOperator,
    evaluation_periods: int,
    datapoints_to_alarm: int,
    period_minutes: float | None = None,
) -> Alert:
    """Define an alert on a metric that leaves the band which CloudWatch learns from its history.

    Args:
        scope: The construct that it belongs to.
        construct_id: Its name there.
        says: What is wrong, without a period.
        severity: How soon somebody must look.
        runbook: Where it is written what to do.
        metric: A metric or metric math, which brings its period and statistic.
        deviations: How many standard deviations wide the band is to either side, above 0.
        comparison: Which side of the band is wrong, an operator for bands.
        evaluation_periods: How many of the last periods are looked at, at least 1.
        datapoints_to_alarm: How many of them must be outside, 1-`evaluation_periods`.
        period_minutes: The metric's period, as the description says it; the metric is asked when omitted.

    Returns:
        The alert.
    """
    band = f"outside {deviations:g} deviations in {datapoints_to_alarm} of {evaluation_periods} periods"
    name = _name(scope, construct_id)
    alarm = cloudwatch.AnomalyDetectionAlarm(
        scope,
        construct_id,
        alarm_name=name,
        alarm_description=_describe(f"{says}: {band}{_length(metric, period_minutes)}", severity, runbook),
        metric=metric,
        std_devs=deviations,
        comparison_operator=comparison,
        evaluation_periods=evaluation_periods,
        datapoints_to_alarm=datapoints_to_alarm,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    return Alert(alarm=alarm, severity=severity, runbook=runbook, name=name)


def define_composite_alert(
    scope: Construct,
    construct_id: str,
    *,
    says: str,
    severity: Severity,
    runbook: str,
    any_of: Sequence[Alert | tuple[Alert, ...]],
    unless: Alert | None = None,
) -> Alert:
    """Define one alert that is raised while any of several is, so that one trouble wakes somebody once.

    Args:
        scope: The construct that it belongs to.
        construct_id: Its name there.
        says: What is wrong, without a period.
        severity: How soon somebody must look.
        runbook: Where it is written what to do.
        any_of: The alerts; a tuple counts when all of its alerts are raised. Together 1-100:
            CloudWatch lets a composite alarm look at that many.
        unless: A worse alert, while which this one tells nobody: whoever looks is there already. It waits two minutes
            for the worse one, and two minutes after it.

    Returns:
        The alert, on a composite alarm.

    Raises:
        ValueError: If there are too few or too many alerts, or the description would be too long.
    """
    groups = [one if isinstance(one, tuple) else (one,) for one in any_of]
    children = [alert for group in groups for alert in group]
    if not 1 <= len(children) <= _MOST_CHILDREN:
        raise ValueError(f"any_of must have 1-{_MOST_CHILDREN} alerts, got {len(children)}; join some of them first")
    for alert in children:
        acknowledge(
            alert.alarm,
            {"NIST.800.53.R5-CloudWatchAlarmAction": f"{construct_id} tells of it, so that it is not told twice"},
        )
    name = _name(scope, construct_id)
    rule = " OR ".join(f"({' AND '.join(_raised(alert) for alert in group)})" for group in groups)
    alarm = cloudwatch.CompositeAlarm(
        scope,
        construct_id,
        composite_alarm_name=name,
        alarm_description=_describe(says, severity, runbook),
        alarm_rule=cloudwatch.AlarmRule.from_string(f"({rule})"),
        # A rule with NOT would say that all is well when it gets worse, and both would be raised for a moment.
        actions_suppressor=unless.alarm if unless else None,
        actions_suppressor_wait_period=_SUPPRESSED if unless else None,
        actions_suppressor_extension_period=_SUPPRESSED if unless else None,
    )
    return Alert(alarm=alarm, severity=severity, runbook=runbook, name=name)


def _length(metric: cloudwatch.IMetric, minutes: float | None) -> str:
    if minutes is None and isinstance(metric, cloudwatch.Metric | cloudwatch.MathExpression):
        minutes = metric.period.to_minutes()
    return "" if minutes is None else f" of {minutes:g} min"


def _raised(alert: Alert) -> str:
    return f'ALARM("{alert.alarm.alarm_arn}")'


def _name(scope: Construct, construct_id: str) -> str:
    """Name an alarm after its place: whoever reads a notification sees the stack, the part and the trouble."""
    return f"{computed_name(scope, max_length=_LONGEST_NAME - len(construct_id) - 1)}-{construct_id}"


def _describe(trouble: str, severity: Severity, runbook: str) -> str:
    if not runbook.strip():
        raise ValueError(f"runbook must say where it is written what to do, got {runbook!r}; name a URL or a path")
    description = f"{trouble}. Severity: {severity}. Runbook: {runbook}"
    if len(description) > _LONGEST_DESCRIPTION:
        raise ValueError(
            f"an alarm's description must have at most {_LONGEST_DESCRIPTION} characters, got {len(description)}; "
            "say less"
        )
    return description
