"""The whole reference deployment: what app.py deploys, the tests look at, and the audit counts."""

from collections.abc import Sequence

from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge

from .data_stack import DataStack
from .delivery_stack import DeliveryStack
from .environments import Environment
from .guardrails import bound_roles, set_up_guard_rails
from .recovery_stack import FailoverStack, RecoveryStack
from .service_stack import ServiceStack

_MEANT_EVERYWHERE = {
    "NIST.800.53.R5-IAMNoInlinePolicy": "a policy here belongs to the one role it is attached to and goes with it; a "
    "managed one could be attached to others",
}


def define_reference(
    app: Construct,
    environments: Sequence[Environment],
    *,
    version: str,
    recovery_region: str | None = None,
    region: str | None = None,
    migrator_secret: str | None = None,
    permissions_boundary: str | None = None,
) -> None:
    """Define every stack of the reference deployment.

    Args:
        app: The app.
        environments: Which environments, from first to last.
        version: The image's tag.
        recovery_region: Where protected environments can recover; nowhere when omitted.
        region: Their own region, which what waits in the other one must know; it is not made when omitted.
        migrator_secret: The promoted replica's master secret: makes the service there; none is made when omitted.
        permissions_boundary: The name of the managed policy that bounds every role; none does when omitted.
    """
    if permissions_boundary:
        bound_roles(app, permissions_boundary)
    DeliveryStack(app, environments=environments, recovery_region=recovery_region)
    for environment in environments:
        data = DataStack(app, environment=environment, recovery_region=recovery_region)
        ServiceStack(app, environment=environment, data=data, version=version)
        if environment.protected and recovery_region and region:
            recovery = RecoveryStack(app, environment=environment, region=recovery_region, source_region=region)
            if migrator_secret:
                FailoverStack(
                    app, environment=environment, recovery=recovery, migrator_secret=migrator_secret, version=version
                )
    acknowledge(app, _MEANT_EVERYWHERE)
    set_up_guard_rails(app, environments)
