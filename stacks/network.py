"""The network of one environment."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk.network import Network

from .environments import ENVIRONMENTS, Environment


def define_network(scope: Construct, environment: Environment, key: kms.IKey | None = None) -> Network:
    """Define a network that overlaps with no other environment's, with room for both colours of the service.

    Args:
        scope: The stack.
        environment: Addresses, zones, the way out, and how long the log of the traffic is kept.
        key: What encrypts that log; CloudWatch Logs' own key when omitted.

    Returns:
        The network.
    """
    return Network(
        scope,
        "Network",
        cidr=environment.cidr,
        zones=environment.zones,
        nat=environment.nat,
        most_tasks=environment.scaling.max_tasks,
        peers=[other.cidr for other in ENVIRONMENTS.values() if other.name != environment.name],
        flow_log_retention=environment.log_retention,
        key=key,
    )
