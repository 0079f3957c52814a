"""What watches one environment: its alerts, its objectives, and who is told."""

from collections.abc import Iterable

from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.watching import (
    AlarmTopics,
    Alert,
    FailedReleases,
    Indicator,
    LogArchive,
    LogErrors,
    ServiceAlerts,
    ServiceAnomalies,
    Slo,
    StatusFeed,
)

from .environments import Environment


def define_topics(scope: Construct, environment: Environment, key: kms.IKey) -> AlarmTopics:
    """Define where alerts are told, in the stack that outlives the service.

    Args:
        scope: The stack.
        environment: Whose e-mail addresses they are told to.
        key: What encrypts the messages.
    """
    return AlarmTopics(scope, "Alarms", key=key, emails=environment.emails)


class Watching:
    """Every alert of the service's stack, told to the topics; the same in every environment.

    Args:
        scope: The stack.
        service: The service.
        topics: Where alerts are told.
        key: What encrypts logs.
        archive: Where logs are kept for years.
        also: The alerts of the stack's other parts.

    Attributes:
        service_alerts: The rules with fixed limits.
        availability: 99.9 % of requests without an error, over 30 days.
        latency: 99 % of answers within 500 ms, over 30 days.
        status: What a status page is made of; nobody serves it yet.
        alerts: All that is told.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        service: BlueGreenService,
        topics: AlarmTopics,
        key: kms.IKey,
        archive: LogArchive,
        also: Iterable[Alert],
    ) -> None:
        self.service_alerts = ServiceAlerts(scope, "Alerts", service=service)
        hurt = self.service_alerts.users_are_hurt
        self.availability = Slo(scope, "Availability", service=service, objective_percent=99.9, unless=hurt)
        self.latency = Slo(
            scope,
            "Latency",
            service=service,
            objective_percent=99,
            indicator=Indicator.latency(within_ms=500),
            unless=hurt,
        )
        anomalies = ServiceAnomalies(scope, "Anomalies", service=service)
        errors = LogErrors(scope, "LogErrors", log_group=service.task.log_group)
        FailedReleases(scope, "FailedReleases", service=service, topics=topics)
        archive.add(scope, "ArchivedLog", service.task.log_group)
        noticed = [self.service_alerts.users_are_hurt, self.service_alerts.degraded]
        self.status = StatusFeed(scope, "Status", title="Orders", components={"Ordering": noticed}, key=key)
        own = (self.service_alerts, self.availability, self.latency, anomalies, errors, self.status)
        self.alerts = [*(alert for part in own for alert in part.alerts), *also]
        topics.tell(self.alerts)
