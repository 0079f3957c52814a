"""What listeners state beside their target groups, for the resources that must be updated whenever a listener is."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast

import jsii
from aws_cdk import IAnyProducer, IResolvable, IResolveContext, Lazy, Stack
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

_OF_THE_SERVICE = ("DefaultActions", "LoadBalancerArn")
"""What does not count: the target groups, and the load balancer, which can never change."""


def listener_properties(stack: Stack, listeners: Callable[[], Mapping[str, elbv2.ApplicationListener]]) -> IResolvable:
    """Return the listeners' properties as they are when the stack is synthesized.

    So what is added to a listener after the service was made counts. An override of the raw template
    (`add_property_override` and its like) does not: the CDK shows it to nobody.

    Synthesis fails when somebody gave a listener another default action, which would take production from the service.

    Args:
        stack: Whose listeners they are.
        listeners: Returns the listeners by role; asked once.

    Returns:
        A token for the properties by role.
    """
    return Lazy.uncached_any(_ListenerProperties(stack, listeners))


@jsii.implements(IAnyProducer)
class _ListenerProperties:
    def __init__(self, stack: Stack, listeners: Callable[[], Mapping[str, elbv2.ApplicationListener]]) -> None:
        self._stack = stack
        self._listeners = listeners

    @cached_property
    def _resources(self) -> Mapping[str, elbv2.CfnListener]:
        return {role: cast("elbv2.CfnListener", one.node.default_child) for role, one in self._listeners().items()}

    def produce(self, context: IResolveContext) -> Any:
        """Return the properties of each listener."""
        if context.preparing:  # which looks for references of other stacks, and sees the listeners themselves as well
            return {}
        stated = {role: one._cfn_properties for role, one in self._resources.items()}  # noqa: SLF001 - meant for heirs
        resolved: Mapping[str, Mapping[str, Any]] = self._stack.resolve(stated)
        for role, properties in resolved.items():
            _require_own_targets(role, properties)
        return {role: _without_targets(one, resolved[role]) for role, one in self._resources.items()}


def _require_own_targets(role: str, properties: Mapping[str, Any]) -> None:
    # Only the service's own default action takes its weights from Custom::DeployedState.
    if f"'{role}Blue'" not in repr(properties["defaultActions"]):
        raise ValueError(
            f"the {role.lower()} listener's default action must stay the service's own, got another one; give what is "
            "added to the listener a priority and conditions"
        )


def _without_targets(listener: elbv2.CfnListener, properties: Mapping[str, Any]) -> dict[str, Any]:
    rendered = listener._render_properties(properties)  # noqa: SLF001 - the CDK's own names into the template's
    return {name: value for name, value in rendered.items() if name not in _OF_THE_SERVICE}
