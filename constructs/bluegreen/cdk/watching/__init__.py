"""What watches an environment: alerts, topics, objectives, and where they are told."""

from .alarm_topics import AlarmTopics
from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_alert, define_composite_alert
from .service_alerts import ServiceAlerts
from .service_limits import ServiceLimits

__all__ = [
    "RUNBOOKS",
    "AlarmTopics",
    "Alert",
    "ServiceAlerts",
    "ServiceLimits",
    "Severity",
    "define_alert",
    "define_composite_alert",
]
