"""Counts the errors in a log."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk import _durations
from bluegreen.cdk._names import computed_name

from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_alert

_NAMESPACE = "BlueGreen/Logs"
_TERMS = ("ERROR", "CRITICAL", "FATAL", "Traceback")
_LONGEST_MINUTES = 60


class LogErrors(Construct):
    """A metric of the errors in a log group, and an alert on too many: what the load balancer does not see.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        log_group: The log group, such as a service's `task.log_group`.
        pattern: What an error looks like. Any line with ERROR, CRITICAL, FATAL or Traceback when omitted; for JSON with
            a level of its own `logs.FilterPattern.string_value("$.level", "=", "error")`.
        more_than: Raised when there are more errors within `minutes`, at least 0.
        minutes: The time in which they are counted, 1-60 minutes.
        severity: How soon somebody must look; a warning when omitted.
        runbooks: Where the runbooks are, a path or URL without anchor; docs/runbooks.md when omitted.

    Attributes:
        alerts: The alert.

    Raises:
        ValueError: If a figure is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> LogErrors(stack, "LogErrors", log_group=logs.LogGroup(stack, "Log"), more_than=0).metric().metric_name
        'Shop-LogErrors'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        log_group: logs.ILogGroup,
        pattern: logs.IFilterPattern | None = None,
        more_than: int = 10,
        minutes: int = 5,
        severity: Severity = Severity.WARNING,
        runbooks: str = RUNBOOKS,
    ) -> None:
        if more_than < 0:
            raise ValueError(f"more_than must be at least 0, got {more_than}")
        if not 1 <= minutes <= _LONGEST_MINUTES:
            raise ValueError(f"minutes must be 1-{_LONGEST_MINUTES}, got {minutes}")
        super().__init__(scope, construct_id)
        self._metric_name = computed_name(self, max_length=255)
        logs.MetricFilter(
            self,
            "Filter",
            log_group=log_group,
            filter_pattern=pattern or logs.FilterPattern.any_term(*_TERMS),
            metric_namespace=_NAMESPACE,
            metric_name=self._metric_name,
            metric_value="1",
            # A log without errors is 0, and one without lines nothing: the graph tells the two apart.
            default_value=0,
        )
        alert = define_alert(
            self,
            "TooMany",
            says="Errors in the log",
            severity=severity,
            runbook=f"{runbooks}#log-errors",
            metric=self.metric(minutes=minutes),
            threshold=more_than,
        )
        self.alerts: tuple[Alert, ...] = (alert,)

    def metric(self, *, minutes: int = 1) -> cloudwatch.Metric:
        """Return the number of errors.

        Args:
            minutes: The period in which they are counted.
        """
        return cloudwatch.Metric(
            namespace=_NAMESPACE, metric_name=self._metric_name, statistic="Sum", period=_durations.minutes(minutes)
        )
