"""Finds what is unusual for a service at this hour, without a limit that somebody set."""

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk.service import BlueGreenService

from ._ranges import require_above
from ._service_metrics import mean_latency, metric_of, requests_per_minute, watched
from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_anomaly_alert

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUTES = 5
_PERIODS = 6
_NEEDED = 5
"""25 of 30 minutes: a short peak is no news, and the limits of `ServiceAlerts` find what hurts sooner."""


class ServiceAnomalies(Construct):
    """Alerts on requests and latency that leave the band which CloudWatch learns from up to two weeks of history.

    It knows hours and weekdays, so it finds a fall in traffic at noon that is usual at night: what `ServiceAlerts`
    cannot know without being told the usual traffic. A new service has no model for its first hours or days, during
    which nothing is raised. Too few requests are a warning, since users may not reach the service at all; too many, and
    slower answers than usual, are good to know.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        service: The service.
        deviations: How many standard deviations wide the band is to either side, above 0; with more, less is unusual.
        runbooks: Where the runbooks are, a path or URL without anchor; docs/runbooks.md when omitted.

    Attributes:
        alerts: Few requests, many requests, slow answers.

    Raises:
        ValueError: If `deviations` is not above 0.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        deviations: float = 3,
        runbooks: str = RUNBOOKS,
    ) -> None:
        require_above("deviations", deviations, 0)
        super().__init__(scope, construct_id)
        watch = watched(service)
        requests = metric_of(requests_per_minute(watch, minutes=_MINUTES), minutes=_MINUTES)
        latency = metric_of(mean_latency(watch), minutes=_MINUTES)
        below = cloudwatch.ComparisonOperator.LESS_THAN_LOWER_THRESHOLD
        above = cloudwatch.ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD
        self.alerts: Sequence[Alert] = [
            define_anomaly_alert(
                self,
                construct_id,
                says=says,
                severity=severity,
                runbook=f"{runbooks}#{section}",
                metric=metric,
                deviations=deviations,
                comparison=comparison,
                evaluation_periods=_PERIODS,
                datapoints_to_alarm=_NEEDED,
                period_minutes=_MINUTES,
            )
            for construct_id, says, severity, section, metric, comparison in (
                ("FewRequests", "Fewer requests than usual", Severity.WARNING, "throughput", requests, below),
                ("ManyRequests", "More requests than usual", Severity.INFO, "throughput", requests, above),
                ("SlowerThanUsual", "Slower answers than usual", Severity.INFO, "latency", latency, above),
            )
        ]
