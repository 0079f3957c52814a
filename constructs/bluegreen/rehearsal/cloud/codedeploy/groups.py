"""What a deployment group says, checked as CodeDeploy checks it for ECS."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError, Document

MAX_ALARMS = 10
"""How many alarms a deployment group may have."""

LONGEST_WAIT_MINUTES = 2880
"""How long CodeDeploy keeps the original tasks, or waits to be continued, at most."""


class RollbackEvent(StrEnum):
    """What an automatic rollback can be asked for."""

    FAILURE = "DEPLOYMENT_FAILURE"
    STOP_ON_ALARM = "DEPLOYMENT_STOP_ON_ALARM"
    STOP_ON_REQUEST = "DEPLOYMENT_STOP_ON_REQUEST"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A deployment group's settings, as a deployment takes them over when it is created.

    Args:
        cluster: The cluster's name.
        service: The service's name.
        target_groups: The names of the two target groups.
        production_listener: The ARN of the listener whose traffic moves.
        test_listener: The ARN of the test listener, if there is one.
        alarms: The alarms to watch; none when watching is off.
        ignore_poll_failure: Go on when alarms cannot be read.
        rollback_events: What is rolled back by itself.
        termination_wait_minutes: How long the original tasks are kept.
        ready_wait_minutes: How long to wait for ContinueDeployment before traffic moves; None goes on at once.
    """

    cluster: str
    service: str
    target_groups: tuple[str, str]
    production_listener: str
    test_listener: str | None
    alarms: tuple[str, ...]
    ignore_poll_failure: bool
    rollback_events: frozenset[RollbackEvent]
    termination_wait_minutes: int
    ready_wait_minutes: int | None


def read_settings(group: Document, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Check a deployment group and return its settings.

    Args:
        group: Its description, in the API's form.
        overrides: A CreateDeployment request, whose `overrideAlarmConfiguration` and `autoRollbackConfiguration` take
            the place of the group's.

    Raises:
        ApiError: If CodeDeploy would refuse it.
    """
    overrides = overrides or {}
    _check_style(group)
    cluster, service = _service(group)
    groups, production, test = _pair(group)
    alarms = overrides.get("overrideAlarmConfiguration") or group.get("alarmConfiguration", {})
    rollback = overrides.get("autoRollbackConfiguration") or group.get("autoRollbackConfiguration", {})
    names = _alarms(alarms)
    blue_green = group.get("blueGreenDeploymentConfiguration", {})
    return Settings(
        cluster=cluster,
        service=service,
        target_groups=groups,
        production_listener=production,
        test_listener=test,
        alarms=names if alarms.get("enabled") else (),
        ignore_poll_failure=alarms.get("ignorePollAlarmFailure", False),
        rollback_events=_rollback_events(rollback),
        termination_wait_minutes=_termination_wait(blue_green),
        ready_wait_minutes=_ready_wait(blue_green),
    )


def _check_style(group: Document) -> None:
    style = group.get("deploymentStyle", {})
    expected = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    if style != expected:
        raise ApiError(
            "InvalidDeploymentStyleException",
            f"an ECS deployment group's deploymentStyle must be {expected}, got {style}",
        )
    role = group.get("serviceRoleArn", "")
    if not role.startswith("arn:"):
        raise ApiError("InvalidRoleException", f"serviceRoleArn must be the ARN of a role, got {role!r}")


def _service(group: Document) -> tuple[str, str]:
    services = group.get("ecsServices", [])
    if len(services) != 1:
        raise ApiError("InvalidECSServiceException", f"ecsServices must name exactly one service, got {len(services)}")
    cluster, service = services[0].get("clusterName"), services[0].get("serviceName")
    if not cluster or not service:
        raise ApiError("InvalidECSServiceException", "ecsServices must give clusterName and serviceName")
    return cluster, service


def _pair(group: Document) -> tuple[tuple[str, str], str, str | None]:
    pairs = group.get("loadBalancerInfo", {}).get("targetGroupPairInfoList", [])
    if len(pairs) != 1:
        raise ApiError(
            "InvalidLoadBalancerInfoException", f"targetGroupPairInfoList must have exactly one pair, got {len(pairs)}"
        )
    names = [one.get("name") for one in pairs[0].get("targetGroups", [])]
    if len(set(names)) != 2 or None in names:  # noqa: PLR2004 - blue and green
        raise ApiError("InvalidTargetGroupPairException", f"targetGroups must name two target groups, got {names}")
    production = pairs[0].get("prodTrafficRoute", {}).get("listenerArns", [])
    test = pairs[0].get("testTrafficRoute", {}).get("listenerArns", [])
    if len(production) != 1 or len(test) > 1:
        raise ApiError(
            "InvalidLoadBalancerInfoException",
            f"there must be 1 production listener and at most 1 test listener, got {len(production)} and {len(test)}",
        )
    return (names[0], names[1]), production[0], test[0] if test else None


def _alarms(configuration: Document) -> tuple[str, ...]:
    names = tuple(alarm.get("name", "") for alarm in configuration.get("alarms", []))
    if len(names) > MAX_ALARMS:
        raise ApiError("AlarmsLimitExceededException", f"a group may have {MAX_ALARMS} alarms, got {len(names)}")
    if not all(names) or len(set(names)) != len(names):
        raise ApiError("InvalidAlarmConfigException", f"alarms must have names, each once, got {list(names)}")
    if configuration.get("enabled") and not names:
        raise ApiError("InvalidAlarmConfigException", "the alarm configuration is enabled, but has no alarms")
    return names


def _rollback_events(configuration: Document) -> frozenset[RollbackEvent]:
    events = configuration.get("events", [])
    unknown = [event for event in events if event not in set(RollbackEvent)]
    if unknown or (configuration.get("enabled") and not events):
        raise ApiError(
            "InvalidAutoRollbackConfigException", f"events must be some of {', '.join(RollbackEvent)}, got {events}"
        )
    return frozenset(RollbackEvent(event) for event in events) if configuration.get("enabled") else frozenset()


def _termination_wait(blue_green: Document) -> int:
    option = blue_green.get("terminateBlueInstancesOnDeploymentSuccess")
    if option is None:
        raise _invalid("terminateBlueInstancesOnDeploymentSuccess is required for ECS")
    # KEEP_ALIVE is in the API, but users report that it does not work for ECS.
    if option.get("action", "TERMINATE") != "TERMINATE":
        raise _invalid(f"action must be TERMINATE for ECS, got {option['action']}")
    return _minutes(option.get("terminationWaitTimeInMinutes", 0), "terminationWaitTimeInMinutes")


def _ready_wait(blue_green: Document) -> int | None:
    option = blue_green.get("deploymentReadyOption")
    if option is None:
        raise _invalid("deploymentReadyOption is required for ECS")
    if option.get("actionOnTimeout") != "STOP_DEPLOYMENT":
        return None  # the wait applies to STOP_DEPLOYMENT only
    return _minutes(option.get("waitTimeInMinutes", 0), "waitTimeInMinutes")


def _minutes(value: int, name: str) -> int:
    if not 0 <= value <= LONGEST_WAIT_MINUTES:
        raise _invalid(f"{name} must be 0-{LONGEST_WAIT_MINUTES}, got {value}")
    return value


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidBlueGreenDeploymentConfigurationException", message)
