"""Reads and sets what listeners do by default."""

from collections.abc import Iterable, Mapping
from typing import Any

import aws_clients


def describe(listener_arn: str) -> dict[str, Any]:
    """Return a listener as AWS describes it.

    Raises:
        LookupError: If it does not exist.
    """
    for listener in aws_clients.client("elbv2").describe_listeners(ListenerArns=[listener_arn])["Listeners"]:
        return dict(listener)
    raise LookupError(f"listener {listener_arn} does not exist")


def of_load_balancer(load_balancer_arn: str) -> list[dict[str, Any]]:
    """Return all listeners of a load balancer as AWS describes them."""
    pages = aws_clients.client("elbv2").get_paginator("describe_listeners").paginate(LoadBalancerArn=load_balancer_arn)
    return [dict(listener) for page in pages for listener in page["Listeners"]]


def weights(listener: Mapping[str, Any]) -> dict[str, int]:
    """Return how a listener's default action shares traffic out; nothing when it forwards nowhere.

    Example:
        >>> weights({"DefaultActions": [{"Type": "forward", "TargetGroupArn": "blue"}]})
        {'blue': 1}
    """
    for action in listener.get("DefaultActions", []):
        groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
        if groups:
            return {group["TargetGroupArn"]: group.get("Weight", 1) for group in groups}
        if action.get("TargetGroupArn"):
            return {action["TargetGroupArn"]: 1}
    return {}


def forward(listener_arns: Iterable[str], shares: Mapping[str, int]) -> None:
    """Let listeners forward by default to target groups in given shares.

    Args:
        listener_arns: The listeners.
        shares: The weight of each target group's ARN, 0-999. One that serves nothing stays attached at 0, or ECS
            could not use it.
    """
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in shares.items()]
    _set_default(listener_arns, {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})


def answer_unavailable(listener_arns: Iterable[str]) -> None:
    """Let listeners answer 503 by default, so that no target group is attached to them."""
    answer = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "no service is attached"}
    _set_default(listener_arns, {"Type": "fixed-response", "FixedResponseConfig": answer})


def _set_default(listener_arns: Iterable[str], action: dict[str, Any]) -> None:
    for arn in listener_arns:
        aws_clients.client("elbv2").modify_listener(ListenerArn=arn, DefaultActions=[action])
