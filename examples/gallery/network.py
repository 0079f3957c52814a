"""A network without NAT, and with every interface endpoint."""

import aws_cdk as cdk

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.network import Endpoint, Nat, Network


def define(app: cdk.App) -> None:
    """Add the stack: nothing private in it reaches the internet, and services of AWS are reached inside.

    Args:
        app: The app.
    """
    stack = cdk.Stack(app, "GalleryNetwork")
    Network(
        stack,
        "Network",
        cidr="10.20.0.0/18",
        nat=Nat.none(),
        endpoints=list(Endpoint),
        most_tasks=200,
        peers=["10.0.0.0/16", "192.168.0.0/16"],
        public_ports=[443],
        key=EnvironmentKey(stack, "Key").key,
    )
