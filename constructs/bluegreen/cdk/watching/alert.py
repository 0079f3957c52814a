"""An alarm together with how urgent it is and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from aws_cdk import aws_cloudwatch as cloudwatch


class Severity(StrEnum):
    """How soon somebody must look."""

    CRITICAL = "critical"
    """Users are hurt now: wake somebody."""
    WARNING = "warning"
    """Users will be hurt if nobody acts within hours."""
    INFO = "info"
    """Good to know on the next working day."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alarm that people act on. It has no action until `AlarmTopics.tell` gives it one.

    Args:
        alarm: The alarm; its description says what is wrong, the severity, and the runbook's address.
        severity: How soon somebody must look.
        runbook: Where it is written what to do, as a URL or a path in the repository with an anchor.
        name: The alarm's physical name, by which a dashboard finds it; without one, the stack of an alarm that another
            stack's dashboard shows must export its ARN.
    """

    alarm: cloudwatch.AlarmBase
    severity: Severity
    runbook: str
    name: str | None = None
