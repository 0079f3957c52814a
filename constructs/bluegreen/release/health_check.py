"""What of a health check may change when: a running version must never fail a check that was made for the next one.

Path and expected statuses belong to a version, so they come to a target group together with the version that brings
them. How often and how patiently is asked belongs to the service, and may change at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class TargetGroupSettings:
    """What is set on a target group after it was created.

    Args:
        path: Path and query to ask for.
        matcher: The statuses that mean healthy, such as "200-299".
        interval_seconds: Seconds between two checks.
        timeout_seconds: Seconds that an answer may take.
        healthy_threshold: How many checks in a row must pass.
        unhealthy_threshold: How many checks in a row must fail.
        deregistration_seconds: For how many seconds a leaving task may finish its requests.
    """

    path: str
    matcher: str
    interval_seconds: int
    timeout_seconds: int
    healthy_threshold: int
    unhealthy_threshold: int
    deregistration_seconds: int

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> Self:
        """Read them from the properties `HealthCheck` and `DeregistrationSeconds` of Custom::Release.

        Raises:
            ValueError: If a property is missing or no number where it must be one.
        """
        try:
            check = properties["HealthCheck"]
            return cls(
                path=str(check["Path"]),
                matcher=str(check["Matcher"]),
                interval_seconds=int(check["IntervalSeconds"]),
                timeout_seconds=int(check["TimeoutSeconds"]),
                healthy_threshold=int(check["HealthyThreshold"]),
                unhealthy_threshold=int(check["UnhealthyThreshold"]),
                deregistration_seconds=int(properties["DeregistrationSeconds"]),
            )
        except KeyError as error:
            raise ValueError(f"Custom::Release needs the property {error.args[0]}; it is missing") from error

    def harmless(self) -> dict[str, Any]:
        """Return the settings that may reach a version which was not made for them, in ELB's names."""
        return {
            "HealthCheckIntervalSeconds": self.interval_seconds,
            "HealthCheckTimeoutSeconds": self.timeout_seconds,
            "HealthyThresholdCount": self.healthy_threshold,
            "UnhealthyThresholdCount": self.unhealthy_threshold,
        }

    def complete(self) -> dict[str, Any]:
        """Return the whole health check, in ELB's names."""
        return {"HealthCheckPath": self.path, "Matcher": {"HttpCode": self.matcher}, **self.harmless()}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What to set on one target group.

    Args:
        group: The target group's ARN.
        health_check: What `ModifyTargetGroup` takes.
        deregistration_seconds: The attribute `deregistration_delay.timeout_seconds`.
    """

    group: str
    health_check: Mapping[str, Any]
    deregistration_seconds: int


def changes_at_creation(wanted: TargetGroupSettings, groups: tuple[str, str]) -> tuple[Change, ...]:
    """Return what to set before a new service gets its first task: everything, on both groups.

    Args:
        wanted: The settings.
        groups: Both target groups.

    Returns:
        One change for each group.
    """
    return tuple(_all_of(wanted, group) for group in groups)


def changes_at_a_release(wanted: TargetGroupSettings, groups: tuple[str, str], live: str) -> tuple[Change, ...]:
    """Return what to set before a deployment starts: everything, on the group that it will use.

    Args:
        wanted: The settings.
        groups: Both target groups.
        live: The group of the PRIMARY task set.

    Returns:
        One change.

    Raises:
        ValueError: If the live group is none of the two.

    Example:
        >>> wanted = TargetGroupSettings(path="/new", matcher="200", interval_seconds=10, timeout_seconds=5,
        ...     healthy_threshold=2, unhealthy_threshold=3, deregistration_seconds=30)
        >>> [change.group for change in changes_at_a_release(wanted, ("blue", "green"), "green")]
        ['blue']
    """
    _require_ours(groups, live)
    return tuple(_all_of(wanted, group) for group in groups if group != live)


def changes_without_a_release(wanted: TargetGroupSettings, groups: tuple[str, str], live: str) -> tuple[Change, ...]:
    """Return what to set when the version stays: on its group, whatever is harmless for it.

    Args:
        wanted: The settings.
        groups: Both target groups.
        live: The group of the PRIMARY task set.

    Returns:
        One change.

    Raises:
        ValueError: If the live group is none of the two.

    Example:
        >>> wanted = TargetGroupSettings(path="/new", matcher="200", interval_seconds=10, timeout_seconds=5,
        ...     healthy_threshold=2, unhealthy_threshold=3, deregistration_seconds=30)
        >>> change, = changes_without_a_release(wanted, ("blue", "green"), "green")
        >>> change.group, "HealthCheckPath" in change.health_check, change.deregistration_seconds
        ('green', False, 30)
    """
    _require_ours(groups, live)
    return (Change(group=live, health_check=wanted.harmless(), deregistration_seconds=wanted.deregistration_seconds),)


def _all_of(wanted: TargetGroupSettings, group: str) -> Change:
    return Change(group=group, health_check=wanted.complete(), deregistration_seconds=wanted.deregistration_seconds)


def _require_ours(groups: tuple[str, str], live: str) -> None:
    if live not in groups:
        raise ValueError(
            f"the PRIMARY task set must use one of {' and '.join(groups)}, got {live}; nothing was changed"
        )
