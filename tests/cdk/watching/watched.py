"""A watched service, synthesized, with what only a deployment knows filled in, so that its alarms can be played."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from bluegreen.cdk import BlueGreenService
from bluegreen.rehearsal.cloud.cloudwatch.judgement import State
from bluegreen.rehearsal.cloud.cloudwatch.rule import parse_rule
from tests.cdk.alarm_bench import BLUE, GREEN, LOAD_BALANCER
from tests.cdk.support import Synthesized, add_service, imported_vpc, synthesize

_KNOWN = {"LoadBalancerFullName": LOAD_BALANCER, "Name": "orders"}


def add_watched_service(stack: cdk.Stack) -> BlueGreenService:
    """Add the service whose alarms the bench knows: in a cluster called prod."""
    cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="prod", vpc=imported_vpc(stack))
    return add_service(stack, cluster=cluster)


def synthesize_watched(
    folder: Path, define: Callable[[cdk.Stack, BlueGreenService], object]
) -> tuple[Synthesized, Mapping[str, dict[str, Any]]]:
    """Define a service and what watches it.

    Returns:
        The stack, and the properties of its alarms, as CloudWatch gets them, by their names without the stack's.
    """
    shop = synthesize(folder, lambda stack: define(stack, add_watched_service(stack)))
    alarms = {}
    for resource in shop.of_type("AWS::CloudWatch::Alarm"):
        properties = _filled(resource["Properties"])
        alarms[properties["AlarmName"].removeprefix("Shop-")] = properties
    return shop, alarms


def raised(shop: Synthesized, composite: str, red: set[str]) -> bool:
    """Return whether a composite alarm is raised while the alarms named in `red`, and no others, are.

    Args:
        shop: The stack.
        composite: Its name without the stack's; likewise those in `red`.
        red: The alarms, or composite alarms, that are in ALARM.
    """
    names = _names(shop)
    assert red <= set(names.values()), red - set(names.values())
    found = _composite(shop, composite)["AlarmRule"]
    parts = [part if isinstance(part, str) else names[part["Fn::GetAtt"][0]] for part in found["Fn::Join"][1]]
    rule = parse_rule("".join(parts))
    return rule.holds({name: State.ALARM if name in red else State.OK for name in rule.children})


def suppressor(shop: Synthesized, composite: str) -> str | None:
    """Return the alarm while which a composite alarm tells nobody."""
    properties = _composite(shop, composite)
    if "ActionsSuppressor" not in properties:
        return None
    return _names(shop)[properties["ActionsSuppressor"]["Fn::GetAtt"][0]]


def _composite(shop: Synthesized, name: str) -> dict[str, Any]:
    return dict(shop.one("AWS::CloudWatch::CompositeAlarm", AlarmName=f"Shop-{name}")["Properties"])


def _names(shop: Synthesized) -> Mapping[str, str]:
    return {
        logical_id: resource["Properties"]["AlarmName"].removeprefix("Shop-")
        for logical_id, resource in shop.resources.items()
        if resource["Type"] in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
    }


def _filled(value: Any) -> Any:
    """Put names in the place of references to the load balancer, the target groups and the service."""
    if isinstance(value, list):
        return [_filled(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::GetAtt"}:
        logical_id, attribute = value["Fn::GetAtt"]
        if attribute == "TargetGroupFullName":
            return BLUE if "Blue" in logical_id else GREEN
        return _KNOWN.get(attribute, json.dumps(value))
    return {name: _filled(item) for name, item in value.items()}
