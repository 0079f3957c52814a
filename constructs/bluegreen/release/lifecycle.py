"""The lifecycle events of one CodeDeploy deployment to ECS: their names, their order, and which may carry a hook."""

from collections.abc import Mapping
from enum import StrEnum


class LifecycleEvent(StrEnum):
    """A lifecycle event, in the order in which events happen."""

    BEFORE_INSTALL = "BeforeInstall"
    INSTALL = "Install"
    AFTER_INSTALL = "AfterInstall"
    ALLOW_TEST_TRAFFIC = "AllowTestTraffic"
    AFTER_ALLOW_TEST_TRAFFIC = "AfterAllowTestTraffic"
    BEFORE_ALLOW_TRAFFIC = "BeforeAllowTraffic"
    ALLOW_TRAFFIC = "AllowTraffic"
    AFTER_ALLOW_TRAFFIC = "AfterAllowTraffic"


HOOKABLE = (
    LifecycleEvent.BEFORE_INSTALL,
    LifecycleEvent.AFTER_INSTALL,
    LifecycleEvent.AFTER_ALLOW_TEST_TRAFFIC,
    LifecycleEvent.BEFORE_ALLOW_TRAFFIC,
    LifecycleEvent.AFTER_ALLOW_TRAFFIC,
)
"""The events at which CodeDeploy calls a Lambda; during the others it works itself."""


def hooks_in_order(hooks: Mapping[str, str]) -> list[tuple[LifecycleEvent, str]]:
    """Sort hooks into the order in which they run.

    Args:
        hooks: The function for each lifecycle event's name.

    Returns:
        Event and function, in order.

    Raises:
        ValueError: If a name is not that of an event which may carry a hook.

    Example:
        >>> [event.value for event, _ in hooks_in_order({"AfterInstall": "warm", "BeforeInstall": "gate"})]
        ['BeforeInstall', 'AfterInstall']
    """
    allowed = [event.value for event in HOOKABLE]
    wrong = sorted(set(hooks) - set(allowed))
    if wrong:
        raise ValueError(f"a hook can run at {', '.join(allowed)}, got {', '.join(wrong)}")
    return [(event, hooks[event.value]) for event in HOOKABLE if event.value in hooks]
