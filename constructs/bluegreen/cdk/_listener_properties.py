"""What listeners state beside their target groups, for the resources that must be updated whenever a listener is."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import jsii
from aws_cdk import IAnyProducer, IResolvable, IResolveContext, Lazy, Stack
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

_OF_THE_SERVICE = ("DefaultActions", "LoadBalancerArn")
"""What does not count: the target groups, and the load balancer, which can never change."""


def listener_properties(listeners: Callable[[], Mapping[str, elbv2.IApplicationListener]]) -> IResolvable:
    """Return the listeners' properties as they are when the stack is synthesized.

    So what is added to a listener after the service was made counts. An override of the raw template
    (`add_property_override` and its like) does not: the CDK shows it to nobody.

    Args:
        listeners: Returns the listeners by role.

    Returns:
        A token for the properties by role.
    """
    return Lazy.uncached_any(_ListenerProperties(listeners))


@jsii.implements(IAnyProducer)
class _ListenerProperties:
    def __init__(self, listeners: Callable[[], Mapping[str, elbv2.IApplicationListener]]) -> None:
        self._listeners = listeners

    def produce(self, _context: IResolveContext) -> Any:
        """Return the properties of each listener."""
        resources = {role: cast("elbv2.CfnListener", one.node.default_child) for role, one in self._listeners().items()}
        stack = Stack.of(next(iter(resources.values())))
        stated = {role: one._cfn_properties for role, one in resources.items()}  # noqa: SLF001 - for subclasses, such as
        resolved: Mapping[str, Mapping[str, Any]] = stack.resolve(stated)
        return {role: _without_targets(one, resolved[role]) for role, one in resources.items()}


def _without_targets(listener: elbv2.CfnListener, properties: Mapping[str, Any]) -> dict[str, Any]:
    rendered = listener._render_properties(properties)  # noqa: SLF001 - the CDK's own way from its names to the template's
    return {name: value for name, value in rendered.items() if name not in _OF_THE_SERVICE}
