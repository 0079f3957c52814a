"""The local cloud's CloudWatch: metrics, metric math, alarms and composite alarms.

Not emulated: anomaly detection, PromQL and log alarms, wall-clock windows, warm-up, action suppressors, units,
dashboards (the emulator underneath keeps those), and any action of an alarm but SNS: others are only recorded.
"""

from .resource_types import AlarmType, CompositeAlarmType, resource_types
from .service import CloudWatch

__all__ = ["AlarmType", "CloudWatch", "CompositeAlarmType", "resource_types"]
