"""What watches an environment: alerts, topics, objectives, and where they are told."""

from .alarm_topics import AlarmTopics
from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_alert, define_anomaly_alert, define_composite_alert
from .failed_releases import FailedReleases
from .log_archive import LogArchive
from .log_errors import LogErrors
from .service_alerts import ServiceAlerts
from .service_anomalies import ServiceAnomalies
from .service_limits import ServiceLimits
from .slo import Indicator, Slo
from .status_feed import StatusFeed

__all__ = [
    "RUNBOOKS",
    "AlarmTopics",
    "Alert",
    "FailedReleases",
    "Indicator",
    "LogArchive",
    "LogErrors",
    "ServiceAlerts",
    "ServiceAnomalies",
    "ServiceLimits",
    "Severity",
    "Slo",
    "StatusFeed",
    "define_alert",
    "define_anomaly_alert",
    "define_composite_alert",
]
