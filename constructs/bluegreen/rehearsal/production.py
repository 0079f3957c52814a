"""Where a service's users would connect: asked of the cloud's APIs, as an operator would."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

from bluegreen.errors import RehearsalError

from .cloud.network import Network
from .connection import Destination

CONNECT_SECONDS = 5.0


class NoProductionError(RehearsalError):
    """Nothing answers where users would connect."""


def find(client: Callable[[str], Any], listener_arn: str, ca_file: str) -> Destination:
    """Return where a service's users connect.

    Args:
        client: Makes a boto3 client of the local cloud for a service.
        listener_arn: The production listener.
        ca_file: The authority that signs the local certificates.

    Raises:
        NoProductionError: If nothing answers at the listener.
    """
    (listener,) = client("elbv2").describe_listeners(ListenerArns=[listener_arn])["Listeners"]
    load_balancers = client("elbv2").describe_load_balancers(LoadBalancerArns=[listener["LoadBalancerArn"]])
    (load_balancer,) = load_balancers["LoadBalancers"]
    address = _address(client, load_balancer["LoadBalancerArn"])
    port = Network.local_port(listener["Port"])
    if listener["Protocol"] != "HTTPS":
        return Destination(address, port, load_balancer["DNSName"], None)
    return Destination(address, port, certificate_name(address, port, ca_file), ca_file)


def certificate_name(address: str, port: int, ca_file: str) -> str:
    """Return a host name that the certificate presented at an address is for.

    A wildcard is filled in: `*.example.com` serves `rehearsal.example.com`.

    Raises:
        NoProductionError: If nothing answers, or the certificate is not from the authority or names no host.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.check_hostname = False  # the name is what is asked for; the load then checks it
    try:
        with (
            socket.create_connection((address, port), CONNECT_SECONDS) as plain,
            context.wrap_socket(plain) as secure,
        ):
            certificate: Any = secure.getpeercert()
    except OSError as error:
        raise NoProductionError(f"the production listener at {address}:{port} does not answer: {error}") from error
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    if not names:
        raise NoProductionError(f"the certificate of the production listener at {address}:{port} names no host")
    return str(names[0]).replace("*", "rehearsal", 1)


def _address(client: Callable[[str], Any], load_balancer_arn: str) -> str:
    """Return a private address of a load balancer: its names do not resolve here."""
    description = f"ELB {load_balancer_arn.partition('loadbalancer/')[2]}"
    found = client("ec2").describe_network_interfaces(Filters=[{"Name": "description", "Values": [description]}])
    for interface in found["NetworkInterfaces"]:
        return str(interface["PrivateIpAddress"])
    raise NoProductionError(f"there is no network interface described as {description!r}")
