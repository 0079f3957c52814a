"""One request, made every few minutes from outside: is anybody there?"""

from constructs import Construct

from bluegreen.release.checks import HttpCheck
from bluegreen.release.journey import JourneyStep

from ._canary import Canary
from .settings import CanarySettings


class Heartbeat(Canary):
    """A CloudWatch Synthetics canary that asks one thing.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        url: Scheme, host and port, such as "https://orders.example.com".
        check: What it asks and expects. GET / with status 200 within 5 seconds when omitted.
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
        ValueError: If a value is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> Heartbeat(stack, "Alive", url="https://orders.example.com").name
        'shop-alive'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        url: str,
        check: HttpCheck | None = None,
        name: str | None = None,
        settings: CanarySettings | None = None,
    ) -> None:
        steps = [JourneyStep(name="heartbeat", check=check or HttpCheck("/"))]
        super().__init__(scope, construct_id, url=url, steps=steps, name=name, settings=settings)
