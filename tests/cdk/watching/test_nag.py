"""What cdk-nag's two packs find in what watches: nothing that is not acknowledged by the construct itself."""

from pathlib import Path

import aws_cdk as cdk

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.watching import (
    AlarmTopics,
    FailedReleases,
    LogArchive,
    LogErrors,
    ServiceAlerts,
    ServiceAnomalies,
    Slo,
    StatusFeed,
)
from tests.cdk.nagging import Finding, findings
from tests.cdk.watching.watched import add_watched_service

PARTS = (
    "Key",
    "Alarms",
    "Alerts",
    "Slo",
    "Anomalies",
    "LogErrors",
    "Status",
    "Archive",
    "Plain",
    "FailedReleases",
    "ArchivedLog",
)


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Shop")
    service = add_watched_service(stack)
    key = EnvironmentKey(stack, "Key").key
    topics = AlarmTopics(stack, "Alarms", key=key)
    alerts = ServiceAlerts(stack, "Alerts", service=service)
    parts = (
        alerts,
        Slo(stack, "Slo", service=service),
        ServiceAnomalies(stack, "Anomalies", service=service),
        LogErrors(stack, "LogErrors", log_group=service.task.log_group),
        StatusFeed(stack, "Status", title="Shop", components={"Ordering": alerts.alerts}, key=key),
    )
    topics.tell(alert for part in parts for alert in part.alerts)
    LogArchive(stack, "Archive", key=key).add(stack, "ArchivedLog", service.task.log_group)
    LogArchive(stack, "Plain")
    FailedReleases(stack, "FailedReleases", service=service, topics=topics)


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(tmp_path: Path) -> None:
    """Both packs are clean, but for inline policies, which are the whole app's choice."""
    found = {one for one in findings(tmp_path, define) if _is_ours(one)}
    assert {one for one in found if one[1] != "NIST.800.53.R5-IAMNoInlinePolicy"} == set()


def _is_ours(finding: Finding) -> bool:
    return finding[0].split("/")[1] in PARTS
