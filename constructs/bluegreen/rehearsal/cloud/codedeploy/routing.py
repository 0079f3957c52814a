"""How traffic moves to the replacement: deployment configurations and the shifts that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass

from bluegreen.rehearsal.cloud.api import ApiError, Document

LONGEST_INTERVAL_MINUTES = 2880
"""How long CodeDeploy waits between two shifts at most."""

ALL_AT_ONCE: Document = {"type": "AllAtOnce"}


def _canary(percent: int, minutes: int) -> Document:
    return {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
    }


def _linear(percent: int, minutes: int) -> Document:
    return {
        "type": "TimeBasedLinear",
        "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes},
    }


PREDEFINED: Mapping[str, Document] = {
    "CodeDeployDefault.ECSAllAtOnce": ALL_AT_ONCE,
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes": _linear(10, 1),
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes": _linear(10, 3),
    "CodeDeployDefault.ECSCanary10Percent5Minutes": _canary(10, 5),
    "CodeDeployDefault.ECSCanary10Percent15Minutes": _canary(10, 15),
}
"""The configurations that every account has."""


@dataclass(frozen=True)
class Shift:
    """One change of weights.

    Args:
        percent: The share of production traffic on the replacement after it.
        wait_minutes: How long after the shift before it.
    """

    percent: int
    wait_minutes: int


def schedule(routing: Document) -> tuple[Shift, ...]:
    """Return the shifts that a routing configuration makes.

    Args:
        routing: A `trafficRoutingConfig` that `check_routing` accepts.

    Example:
        >>> schedule(PREDEFINED["CodeDeployDefault.ECSCanary10Percent5Minutes"])
        (Shift(percent=10, wait_minutes=0), Shift(percent=100, wait_minutes=5))
    """
    match routing:
        case {"type": "TimeBasedCanary", "timeBasedCanary": canary}:
            return Shift(canary["canaryPercentage"], 0), Shift(100, canary["canaryInterval"])
        case {"type": "TimeBasedLinear", "timeBasedLinear": linear}:
            step, interval = linear["linearPercentage"], linear["linearInterval"]
            shares = [*range(step, 100, step), 100]
            return tuple(Shift(share, interval if index else 0) for index, share in enumerate(shares))
    return (Shift(100, 0),)


def check_routing(routing: Document) -> None:
    """Check a `trafficRoutingConfig`.

    Raises:
        ApiError: If CodeDeploy would refuse it.
    """
    settings = {
        "AllAtOnce": None,
        "TimeBasedCanary": ("timeBasedCanary", "canaryPercentage", "canaryInterval"),
        "TimeBasedLinear": ("timeBasedLinear", "linearPercentage", "linearInterval"),
    }
    kind = routing.get("type")
    if kind not in settings:
        raise _refuse(f"type must be one of {', '.join(settings)}, got {kind}")
    names = settings[kind]
    extra = {"timeBasedCanary", "timeBasedLinear"} & routing.keys() - {names[0] if names else ""}
    if extra:
        raise _refuse(f"{kind} does not take {', '.join(sorted(extra))}")
    if names is None:
        return
    values = routing.get(names[0], {})
    _check_range(values.get(names[1]), names[1], 99)
    _check_range(values.get(names[2]), names[2], LONGEST_INTERVAL_MINUTES)


def _check_range(value: int | None, name: str, most: int) -> None:
    if value is None or not 1 <= value <= most:
        raise _refuse(f"{name} must be 1-{most}, got {value}")


def _refuse(message: str) -> ApiError:
    return ApiError("InvalidTrafficRoutingConfigurationException", message)
