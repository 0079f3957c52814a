from typing import Any

import pytest

from bluegreen.release.health_check import (
    TargetGroupSettings,
    changes_at_a_release,
    changes_at_creation,
    changes_without_a_release,
)

PROPERTIES: dict[str, Any] = {
    "HealthCheck": {
        "Path": "/health/ready",
        "Matcher": "200-299",
        "IntervalSeconds": "10",
        "TimeoutSeconds": "5",
        "HealthyThreshold": "2",
        "UnhealthyThreshold": "3",
    },
    "DeregistrationSeconds": "30",
}
WANTED = TargetGroupSettings.read(PROPERTIES)
HARMLESS = {
    "HealthCheckIntervalSeconds": 10,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 3,
}
ALL = HARMLESS | {"HealthCheckPath": "/health/ready", "Matcher": {"HttpCode": "200-299"}}
GROUPS = ("blue", "green")


def test_at_creation_both_groups_get_everything() -> None:
    """The first tasks meet the health check that was made for them, in whichever group they are."""
    changes = changes_at_creation(WANTED, GROUPS)
    assert [(change.group, change.health_check, change.deregistration_seconds) for change in changes] == [
        ("blue", ALL, 30),
        ("green", ALL, 30),
    ]


@pytest.mark.parametrize(("live", "idle"), [("blue", "green"), ("green", "blue")])
def test_a_release_sets_everything_on_the_idle_group_and_nothing_on_the_live_one(live: str, idle: str) -> None:
    """A version that lacks the next one's health path must not lose its tasks while the next one is installed."""
    changes = changes_at_a_release(WANTED, GROUPS, live)
    assert [(change.group, change.health_check, change.deregistration_seconds) for change in changes] == [
        (idle, ALL, 30)
    ]


@pytest.mark.parametrize("live", GROUPS)
def test_without_a_release_only_what_is_harmless_reaches_the_live_group(live: str) -> None:
    """Timing, thresholds and deregistration delay; never a path or a status that the running version may not serve."""
    changes = changes_without_a_release(WANTED, GROUPS, live)
    assert [(change.group, change.health_check, change.deregistration_seconds) for change in changes] == [
        (live, HARMLESS, 30)
    ]


@pytest.mark.parametrize("changes", [changes_at_a_release, changes_without_a_release])
def test_a_live_group_that_is_not_ours_is_refused(changes: Any) -> None:
    """Nothing is guessed when the PRIMARY task set uses neither group."""
    with pytest.raises(ValueError, match="must use one of blue and green, got other; nothing was changed"):
        changes(WANTED, GROUPS, "other")


def test_a_missing_property_is_named() -> None:
    """The message names the property that Custom::Release lacks."""
    check = {name: value for name, value in PROPERTIES["HealthCheck"].items() if name != "Matcher"}
    with pytest.raises(ValueError, match="needs the property Matcher; it is missing"):
        TargetGroupSettings.read(PROPERTIES | {"HealthCheck": check})
