"""What watches an environment: alerts, topics, objectives, and where they are told."""

from .alert import Alert, Severity

__all__ = ["Alert", "Severity"]
