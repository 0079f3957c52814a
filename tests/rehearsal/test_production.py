import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.certificates import Authority
from bluegreen.rehearsal.cloud.network import Network
from bluegreen.rehearsal.connection import Destination
from bluegreen.rehearsal.production import NoProductionError, certificate_name, find

LOAD_BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/orders/0123456789abcdef"
LISTENER = f"{LOAD_BALANCER.replace(':loadbalancer/', ':listener/')}/fedcba9876543210"
PAIR = {"targetGroupPairInfoList": [{"prodTrafficRoute": {"listenerArns": [LISTENER]}}]}


def client(
    *, protocol: str = "HTTP", port: int = 80, load_balancer_info: Any = PAIR, groups: tuple[str, ...] = ("orders",)
) -> Any:
    """Return what makes clients of a cloud with one load balancer and one deployment group."""
    listener = {"LoadBalancerArn": LOAD_BALANCER, "Port": port, "Protocol": protocol}
    described = {"LoadBalancerArn": LOAD_BALANCER, "DNSName": "orders-1.eu-west-1.elb.amazonaws.com"}

    def interfaces(**request: Any) -> dict[str, Any]:
        found = request["Filters"] == [{"Name": "description", "Values": ["ELB app/orders/0123456789abcdef"]}]
        return {"NetworkInterfaces": [{"PrivateIpAddress": "127.0.0.1"}] if found else []}

    def groups_of(**request: str) -> dict[str, Any]:
        return {"deploymentGroups": [f"{request['applicationName']}-{group}" for group in groups]}

    def listeners(**request: list[str]) -> dict[str, Any]:
        return {"Listeners": [listener] if request["ListenerArns"] == [LISTENER] else []}

    def load_balancers(**request: list[str]) -> dict[str, Any]:
        return {"LoadBalancers": [described] if request["LoadBalancerArns"] == [LOAD_BALANCER] else []}

    clients = {
        "codedeploy": SimpleNamespace(
            list_applications=lambda: {"applications": ["orders"]},
            list_deployment_groups=groups_of,
            get_deployment_group=lambda **_: {"deploymentGroupInfo": {"loadBalancerInfo": load_balancer_info}},
        ),
        "elbv2": SimpleNamespace(describe_listeners=listeners, describe_load_balancers=load_balancers),
        "ec2": SimpleNamespace(describe_network_interfaces=interfaces),
    }
    return clients.__getitem__


def test_plain_http_goes_to_the_load_balancer_by_its_name() -> None:
    """Without a certificate, users reach the production listener by the load balancer's own name, on the local port."""
    found = find(client(), LISTENER, "/ca.pem")
    assert (found.address, found.port, found.ca_file) == ("127.0.0.1", Network.local_port(80), None)
    assert found.host == "orders-1.eu-west-1.elb.amazonaws.com"


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """A TLS server with a certificate of a local authority; its port, and the authority's file."""
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue("arn", ["*.example.com", "example.com"]))

    def serve() -> None:
        while True:
            try:
                plain, _ = server.accept()
            except OSError:
                return
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], str(authority.ca_file)
        server.shutdown(socket.SHUT_RDWR)


def test_the_domain_is_read_from_the_certificate(listening: tuple[int, str]) -> None:
    """With a certificate, users come by the domain that it is for; a wildcard gets a name."""
    port, ca_file = listening
    found = find(client(protocol="HTTPS", port=port), LISTENER, ca_file)
    assert found == Destination("127.0.0.1", port, "rehearsal.example.com", ca_file)


def test_a_certificate_of_somebody_else_is_no_production(listening: tuple[int, str], tmp_path: Path) -> None:
    """A certificate that the local authority did not sign is an error, not a name to trust."""
    port, _ = listening
    with pytest.raises(NoProductionError, match="does not answer"):
        certificate_name("127.0.0.1", port, str(Authority(tmp_path / "other").ca_file))


def test_a_listener_that_does_not_answer_is_an_error() -> None:
    """Where nobody listens, the error has the address."""
    with pytest.raises(NoProductionError, match=r"127\.0\.0\.1:1 does not answer"):
        certificate_name("127.0.0.1", 1, str(Path(ssl.get_default_verify_paths().openssl_cafile)))
