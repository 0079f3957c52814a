"""What can stand in front of an internal load balancer: CloudFront, API Gateway, a private name.

In an app it is the load balancer of a service with `public=False`.
"""

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from bluegreen.cdk.data import EnvironmentKey
from bluegreen.cdk.edge import AccessLogs, FirewallScope, HostedDomain, WebFirewall
from bluegreen.cdk.edge.cdn import Cdn
from bluegreen.cdk.edge.http_api import HttpApi
from bluegreen.cdk.edge.private_name import PrivateName
from bluegreen.cdk.network import Nat, Network
from bluegreen.cdk.watching import AlarmTopics

_DOMAIN = "shop.example.com"


def define(app: cdk.App) -> None:
    """Add an internal load balancer, and every way to it."""
    stack = cdk.Stack(app, "EdgeGallery", env=cdk.Environment(region="us-east-1"))
    key = EnvironmentKey(stack, "Key").key
    network = Network(stack, "Network", nat=Nat.one(), key=key)
    domain = HostedDomain(stack, "Domain", domain_name=_DOMAIN)
    certificate = domain.certificate(stack)
    load_balancer, listener = _define_load_balancer(stack, network, certificate)
    AccessLogs(stack, "AccessLogs").record(load_balancer)
    inner = WebFirewall(stack, "InnerFirewall", rate_limit_per_5_minutes=1_000_000, key=key)
    inner.protect(load_balancer)
    firewall = WebFirewall(stack, "Firewall", firewall_scope=FirewallScope.CLOUDFRONT, key=key)
    cdn = Cdn(
        stack,
        "Cdn",
        load_balancer=load_balancer,
        prefix_list_id=cdk.CfnParameter(stack, "OriginFacingPrefixList").value_as_string,
        certificate=certificate,
        domain_names=[_DOMAIN],
        web_acl_arn=firewall.arn,
    )
    cdn.send_from(domain)
    HttpApi(
        stack,
        "Api",
        vpc=network.vpc,
        load_balancer=load_balancer,
        listener=listener,
        port=443,
        server_name=_DOMAIN,
        key=key,
    )
    PrivateName(stack, "PrivateName", vpc=network.vpc, load_balancer=load_balancer, name="shop")
    AlarmTopics(stack, "Alarms", key=key).tell([*firewall.alerts, *inner.alerts, *network.alerts])


def _define_load_balancer(
    stack: cdk.Stack, network: Network, certificate: acm.Certificate
) -> tuple[elbv2.ApplicationLoadBalancer, elbv2.ApplicationListener]:
    group = ec2.SecurityGroup(
        stack, "SecurityGroup", vpc=network.vpc, description="The internal load balancer", allow_all_outbound=False
    )
    load_balancer = elbv2.ApplicationLoadBalancer(
        stack,
        "LoadBalancer",
        vpc=network.vpc,
        vpc_subnets=network.private_subnets,
        security_group=group,
        drop_invalid_header_fields=True,
        deletion_protection=True,
    )
    listener = load_balancer.add_listener(
        "Listener",
        port=443,
        certificates=[certificate],
        default_action=elbv2.ListenerAction.fixed_response(200),
        open=False,
    )
    return load_balancer, listener
