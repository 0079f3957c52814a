"""What watches an environment: alerts, topics, objectives, and where they are told."""

from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_alert, define_composite_alert

__all__ = ["RUNBOOKS", "Alert", "Severity", "define_alert", "define_composite_alert"]
