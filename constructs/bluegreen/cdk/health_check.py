"""How the load balancer decides that a task may receive traffic."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Token


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """The load balancer's health check of every task, over plain HTTP on the container's port.

    Args:
        path: Path and query to ask for; it should answer from the process itself, fast.
        healthy_status: The statuses that mean healthy, such as "200", "200,204" or "200-299".
        interval_seconds: Seconds between two checks of a task, 5-300.
        timeout_seconds: Seconds that an answer may take, 2-120, less than the interval.
        healthy_threshold: How many checks in a row must pass before a task gets traffic, 2-10.
        unhealthy_threshold: How many checks in a row must fail before a task loses its traffic, 2-10.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> HealthCheck(path="/health/ready", interval_seconds=10).timeout_seconds
        5
    """

    path: str = "/"
    healthy_status: str = "200"
    interval_seconds: int = 30
    timeout_seconds: int = 5
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3

    def __post_init__(self) -> None:
        if not self.path.startswith("/") and not Token.is_unresolved(self.path):
            raise ValueError(f"path must begin with '/', got {self.path!r}")
        _require("interval_seconds", self.interval_seconds, 5, 300)
        _require("timeout_seconds", self.timeout_seconds, 2, 120)
        _require("healthy_threshold", self.healthy_threshold, 2, 10)
        _require("unhealthy_threshold", self.unhealthy_threshold, 2, 10)
        if self.timeout_seconds >= self.interval_seconds and _known(self.timeout_seconds, self.interval_seconds):
            raise ValueError(
                f"timeout_seconds must be less than interval_seconds, got {self.timeout_seconds} and "
                f"{self.interval_seconds}; lengthen the interval or shorten the timeout"
            )

    def to_properties(self) -> dict[str, object]:
        """Return the check as Custom::Release states it."""
        return {
            "Path": self.path,
            "Matcher": self.healthy_status,
            "IntervalSeconds": self.interval_seconds,
            "TimeoutSeconds": self.timeout_seconds,
            "HealthyThreshold": self.healthy_threshold,
            "UnhealthyThreshold": self.unhealthy_threshold,
        }


def _require(name: str, value: int, low: int, high: int) -> None:
    # A token is out of range too; asking which it is crosses into Node, so only a suspect value is asked about.
    if not low <= value <= high and _known(value):
        raise ValueError(f"{name} must be {low}-{high}, got {value}")


def _known(*values: Any) -> bool:
    """Whether no value is a token, which only the deployment knows."""
    return not any(Token.is_unresolved(value) for value in values)
