"""The local cloud's CloudWatch: metrics, metric math, alarms, composite alarms, and dashboards as they were put.

Not emulated: anomaly detection (its alarms stay INSUFFICIENT_DATA), PromQL and log alarms, wall-clock windows, warm-up,
units, and any action of an alarm but SNS and scaling: others are only recorded.
"""

from .resource_types import AlarmType, CompositeAlarmType, resource_types
from .service import CloudWatch

__all__ = ["AlarmType", "CloudWatch", "CompositeAlarmType", "resource_types"]
