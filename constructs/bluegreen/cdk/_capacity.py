"""What Fargate tasks can run on."""

from collections.abc import Sequence

from aws_cdk import Annotations, Token
from aws_cdk import aws_ecs as ecs
from constructs import Construct

_SPOT = "FARGATE_SPOT"
_FARGATE = ("FARGATE", _SPOT)
_SPOT_WARNING_SECONDS = 120
"""How long before it takes a task away Fargate Spot says so."""


def require_fargate_capacity(strategy: Sequence[ecs.CapacityProviderStrategy]) -> None:
    """Refuse a strategy that ECS would refuse in the middle of a release.

    Raises:
        ValueError: If a provider is not Fargate's or named twice, a figure is out of range, more than one has a base,
            or none has a weight.
    """
    if not strategy:
        return
    names = [one.capacity_provider for one in strategy]
    for name in names:
        if name not in _FARGATE and not Token.is_unresolved(name):
            raise ValueError(
                f"capacity_providers must be {' or '.join(_FARGATE)}, got {name!r}; the tasks are Fargate's"
            )
    if len(set(names)) < len(names):
        raise ValueError(f"capacity_providers must name each provider once, got {', '.join(names)}")
    for one in strategy:
        _require("base", one.base or 0, 100_000)
        _require("weight", one.weight or 0, 1000)
    if len([one for one in strategy if one.base]) > 1:
        raise ValueError("capacity_providers must have one base at most, got 2; leave one out")
    if not any(one.weight for one in strategy):
        raise ValueError("capacity_providers must have a weight above 0, got none; pass weight=1 for the one to use")


def warn_about_spot(
    scope: Construct, strategy: Sequence[ecs.CapacityProviderStrategy], deregistration_seconds: int
) -> None:
    """Warn when a task that Spot takes away has less time than its requests are given.

    Args:
        scope: Whose warning it is.
        strategy: What the tasks run on.
        deregistration_seconds: How long a task that leaves may finish its requests.
    """
    if all(one.capacity_provider != _SPOT for one in strategy) or Token.is_unresolved(deregistration_seconds):
        return
    if deregistration_seconds > _SPOT_WARNING_SECONDS:
        Annotations.of(scope).add_warning_v2(
            "bluegreen:spot-cuts-requests",
            f"Fargate Spot takes a task away {_SPOT_WARNING_SECONDS} seconds after it says so, but requests may take "
            f"{deregistration_seconds}; lower deregistration_seconds, or run on FARGATE",
        )


def _require(name: str, value: float, high: int) -> None:
    if not 0 <= value <= high and not Token.is_unresolved(value):
        raise ValueError(f"capacity_providers must have a {name} of 0-{high}, got {value}")
