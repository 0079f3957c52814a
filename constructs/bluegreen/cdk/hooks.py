"""What runs at a step of a release and may refuse it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import IConstruct

from bluegreen.release.lifecycle import HOOKABLE, LifecycleEvent

if TYPE_CHECKING:
    from .service import BlueGreenService

_LONGEST_SECONDS = 3600
"""After which CodeDeploy takes a silent hook for failed."""


@dataclass(frozen=True, kw_only=True)
class BoundHook:
    """A hook's function for one service.

    Args:
        event: The lifecycle event at which the function runs, one at which CodeDeploy calls
            functions.
        function: What CodeDeploy calls.
        log_group: Where the function says what it found; a failed release points there.
        longest_seconds: How long it may take to answer, 1-3600 seconds; a release is taken back when it takes longer.
            Lambda's 15 minutes when omitted. Longer for a function that hands its work on and has somebody else answer.

    Raises:
        ValueError: If the event is not one at which a function may run, or the seconds are out of range.
    """

    event: LifecycleEvent
    function: lambda_.IFunction
    log_group: logs.ILogGroup
    longest_seconds: int = 900

    def __post_init__(self) -> None:
        if self.event not in HOOKABLE:
            raise ValueError(f"event must be one of {', '.join(HOOKABLE)}, got {self.event.value!r}")
        if not 1 <= self.longest_seconds <= _LONGEST_SECONDS:
            raise ValueError(f"longest_seconds must be 1-{_LONGEST_SECONDS}, got {self.longest_seconds}")


class Hook(Protocol):
    """A function that a release runs at one of its steps and that must agree before the release goes on."""

    def bind(self, service: "BlueGreenService") -> BoundHook:
        """Make the function for one service; called once a service, before its deployment group exists.

        Everything the function needs goes into one construct in the service's scope: a release waits for all of it.

        Args:
            service: The service, with its network, listeners, task definition and CodeDeploy application.

        Returns:
            The function and the lifecycle event at which it runs.
        """


def bind_hooks(service: "BlueGreenService", hooks: Sequence[Hook]) -> tuple[Sequence[BoundHook], Sequence[IConstruct]]:
    """Bind a service's hooks.

    Args:
        service: The service.
        hooks: Its hooks.

    Returns:
        The bound hooks in order, and what they made beside the functions and log groups that a release names.

    Raises:
        ValueError: If two hooks want the same lifecycle event.
    """
    if not hooks:
        return [], []
    node = service.node
    before = len(node.children)
    bound = in_order([hook.bind(service) for hook in hooks])
    named = [part for hook in bound for part in (hook.function, hook.log_group)]
    made = [part for child in node.children[before:] for part in child.node.children]
    return bound, [part for part in made if part not in named]


def in_order(hooks: Sequence[BoundHook]) -> list[BoundHook]:
    """Return hooks in the order in which they run.

    Raises:
        ValueError: If two hooks want the same lifecycle event: CodeDeploy calls one function at each.
    """
    found: dict[LifecycleEvent, BoundHook] = {}
    for hook in hooks:
        if hook.event in found:
            raise ValueError(
                f"hooks must each have a lifecycle event of their own, got two for {hook.event.value}; "
                "put what they do into one hook"
            )
        found[hook.event] = hook
    return [found[event] for event in HOOKABLE if event in found]
