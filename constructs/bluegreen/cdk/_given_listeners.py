"""Listeners that belong to somebody else and are lent to one service."""

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

Listeners = tuple[elbv2.IApplicationListener, elbv2.IApplicationListener]
"""The production and the test listener."""


def require_usable(
    production: elbv2.IApplicationListener | None,
    test: elbv2.IApplicationListener | None,
    *,
    load_balancer: elbv2.IApplicationLoadBalancer | None,
    production_port: int | None,
    test_port: int | None,
) -> Listeners | None:
    """Return both listeners, or None when none is given.

    Args:
        production: The production listener.
        test: The test listener.
        load_balancer: The load balancer that was given.
        production_port: The production port that was given.
        test_port: The test port that was given.

    Raises:
        ValueError: If only one is given, the load balancer or a port is not, or a listener is defined in this app.
    """
    if production is None and test is None:
        return None
    if production is None or test is None:
        given, missing = ("test_listener", "production_listener") if test else ("production_listener", "test_listener")
        raise ValueError(
            f"production_listener and test_listener must be given together, got {given} alone; give {missing} as well, "
            "or neither to have both made"
        )
    if load_balancer is None:
        raise ValueError(
            "load_balancer must be given with production_listener and test_listener; pass the one they are of"
        )
    if production_port is None or test_port is None:
        raise ValueError(
            "production_port and test_port must be given with production_listener and test_listener: an imported "
            "listener does not say on which port it is; pass the ports that they have"
        )
    for name, listener in (("production_listener", production), ("test_listener", test)):
        if listener.node.default_child is not None:
            raise ValueError(
                f"{name} must be an imported listener, got {listener.node.path}, which this app defines: each change "
                "of it would write its own default action over the live version's; omit both listeners to have them "
                "made, or import one whose owner never changes its default action"
            )
    return production, test


def require_owned(*, deletion_protection: bool, response_headers: bool) -> None:
    """Refuse settings of what somebody else owns.

    Args:
        deletion_protection: Whether it is asked of a load balancer that was given.
        response_headers: Whether they are asked of listeners that were given.

    Raises:
        ValueError: If one of them is.
    """
    if deletion_protection:
        raise ValueError(
            "deletion_protection must be False with a given load_balancer, got True; its owner protects it"
        )
    if response_headers:
        raise ValueError(
            "response_headers must be omitted with given listeners, got some; their owner sets them as attributes"
        )
