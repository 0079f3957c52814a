"""The local cloud's CloudWatch: metrics, metric math, alarms and composite alarms."""

from .resource_types import AlarmType, CompositeAlarmType
from .service import CloudWatch

__all__ = ["AlarmType", "CloudWatch", "CompositeAlarmType"]
