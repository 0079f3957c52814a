"""A user's journey, made every few minutes from outside."""

from collections.abc import Sequence

from constructs import Construct

from bluegreen.release.journey import JourneyStep

from ._canary import Canary
from .settings import CanarySettings


class Journey(Canary):
    """A CloudWatch Synthetics canary that does what a user does: several requests, each building on those before.

    It calls production every time. Data that it makes is real: mark it, as with a customer of its own, so that reports
    can leave it out, or remove it in a step with `cleanup`. The requests say `User-Agent: bluegreen-journey`. TLS is
    verified, redirects are answers, and each step is taken once. How long each step took is the metric `StepDuration`
    in `BlueGreen/Journeys`, by CanaryName and StepName.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        url: Scheme, host and port, such as "https://orders.example.com".
        steps: The steps, 1-20, in order.
        name: The canary's name, 1-21 lower-case letters, digits, hyphens and underscores; unique in account and region.
            Made of the stack's and the construct's names when omitted.
        settings: How often and where it runs. Every 5 minutes, outside any VPC, when omitted.

    Attributes:
        name: The canary's name.
        canary: The canary.
        role: What it may do.
        log_group: Its log.
        alerts: Fewer than 90 % of runs succeed in 2 of 3 periods; runs are slow in 3 of 3.

    Raises:
        ValueError: If a step needs what no earlier one captures, an expression does not parse, the steps take too long
            or too many characters, or a value is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> from bluegreen.cdk import HttpCheck
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> order = HttpCheck("/orders", method="POST", body='{"product": "tea"}', status=201)
        >>> steps = [
        ...     JourneyStep(name="order", check=order, capture={"order": "id"}),
        ...     JourneyStep(name="read", check=HttpCheck("/orders/${order}", json={"id": "${order}"})),
        ... ]
        >>> Journey(stack, "Buys", url="https://orders.example.com", steps=steps, name="shop-buys").name
        'shop-buys'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        url: str,
        steps: Sequence[JourneyStep],
        name: str | None = None,
        settings: CanarySettings | None = None,
    ) -> None:
        super().__init__(scope, construct_id, url=url, steps=steps, name=name, settings=settings)
