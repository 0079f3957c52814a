"""Every part of the edge passes both rule packs by itself."""

from pathlib import Path

import aws_cdk as cdk

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.edge import AccessLogs, EndpointHealth, Failover, FirewallMode, HostedDomain, WebFirewall
from bluegreen.cdk.watching import AlarmTopics
from tests.cdk.edge.support import given_load_balancer
from tests.cdk.nagging import findings


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Edge")
    balancer = given_load_balancer(stack)
    domain = HostedDomain(stack, "Domain", domain_name="orders.example.com")
    domain.certificate(stack)
    health = EndpointHealth(stack, "Health", host=balancer.load_balancer_dns_name)
    domain.send_to(stack, balancer, health=health, failover=Failover.PRIMARY)
    AccessLogs(stack, "AccessLogs")
    key = EnvironmentKey(stack, "Key").key
    firewall = WebFirewall(stack, "Firewall", key=key)
    firewall.protect(balancer)
    plain = WebFirewall(stack, "Plain", mode=FirewallMode.COUNT)
    AlarmTopics(stack, "Alarms", key=key).tell([*firewall.alerts, *plain.alerts])


def test_nothing_is_found(tmp_path: Path) -> None:
    """AwsSolutions and NIST 800-53 have nothing to say that is not answered."""
    assert sorted(findings(tmp_path, define)) == []
