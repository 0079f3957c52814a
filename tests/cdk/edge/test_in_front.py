"""What may stand in front of an internal load balancer, and that nobody gets past it."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_servicediscovery as servicediscovery

from bluegreen.cdk.edge import HostedDomain
from bluegreen.cdk.edge.cdn import Cdn
from bluegreen.cdk.edge.http_api import HttpApi
from bluegreen.cdk.edge.private_name import PrivateName
from tests.cdk.edge.support import CERTIFICATE, certificate, load_balancer
from tests.cdk.support import PRIVATE_SUBNETS, Synthesized, imported_vpc, synthesize

LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/a/0123456789abcdef/0123456789abcdef"


def cdn(stack: cdk.Stack, **settings: Any) -> Cdn:
    given: dict[str, Any] = {"prefix_list_id": "pl-0123456789abcdef0", "domain_names": ["shop.example.com"]} | settings
    if "certificate" not in given:
        given["certificate"] = certificate(stack)
    if "load_balancer" not in given:
        given["load_balancer"] = load_balancer(stack)
    return Cdn(stack, "Cdn", **given)


@pytest.fixture(scope="module")
def distributed(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A distribution before an internal load balancer."""
    return synthesize(
        tmp_path_factory.mktemp("cdn"),
        lambda stack: cdn(stack).send_from(HostedDomain(stack, "Domain", domain_name="shop.example.com")),
    )


def test_the_origin_is_reached_by_cloudfront_alone(distributed: Synthesized) -> None:
    """The load balancer is internal, CloudFront has a VPC origin, and its prefix list is the only one let in."""
    (balancer,) = [
        name for name, one in distributed.resources.items() if "LoadBalancingV2::LoadBalancer" in one["Type"]
    ]
    assert distributed.resources[balancer]["Properties"]["Scheme"] == "internal"
    origin = distributed.one("AWS::CloudFront::VpcOrigin")["Properties"]["VpcOriginEndpointConfig"]
    assert origin["Arn"] == {"Ref": balancer}
    assert (origin["HTTPSPort"], origin["OriginProtocolPolicy"]) == (443, "https-only")
    ingress = distributed.one("AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (ingress["SourcePrefixListId"], ingress["FromPort"], ingress["ToPort"]) == ("pl-0123456789abcdef0", 443, 443)


def test_cloudfront_caches_nothing_unasked(distributed: Synthesized) -> None:
    """AWS's policy "CachingDisabled": a cached answer would outlive the version that gave it."""
    config = distributed.one("AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
    assert config["DefaultCacheBehavior"]["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["HttpVersion"] == "http2and3"
    assert "Logging" in config


def test_the_name_leads_to_the_distribution(distributed: Synthesized) -> None:
    """By IPv4 and IPv6, in CloudFront's own zone."""
    records = distributed.one("AWS::Route53::RecordSetGroup")["Properties"]["RecordSets"]
    assert [record["Type"] for record in records] == ["A", "AAAA"]
    assert all(record["AliasTarget"]["DNSName"]["Fn::GetAtt"][1] == "DomainName" for record in records)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"certificate": "eu-west-1"}, r"certificate must be in us-east-1 for CloudFront, got arn:aws:acm:eu-west-1"),
        (
            {"web_acl_arn": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/b"},
            "web_acl_arn must be in us-east-1 for CloudFront",
        ),
        ({"domain_names": []}, "domain_names must have one name at least"),
    ],
)
def test_refuses_what_cloudfront_cannot_use(wrong: dict[str, Any], message: str, tmp_path: Path) -> None:
    """CloudFront takes certificates and firewalls from us-east-1 only, and answers to names."""

    def define(stack: cdk.Stack) -> None:
        region = wrong.get("certificate")
        cdn(stack, **(wrong | ({"certificate": certificate(stack, region)} if region else {})))

    with pytest.raises(ValueError, match=message):
        synthesize(tmp_path, define)


def test_refuses_a_certificate_that_is_made_elsewhere() -> None:
    """A certificate of this app is in its stack's region, when that is known."""
    stack = cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(region="eu-west-1"))
    made = acm.Certificate(stack, "Certificate", domain_name="shop.example.com")
    with pytest.raises(ValueError, match="certificate must be in us-east-1, got Shop/Certificate in eu-west-1"):
        cdn(stack, certificate=made)


def test_takes_a_certificate_from_us_east_1_into_any_stack() -> None:
    """An imported certificate is where its ARN says, whatever stack imports it."""
    stack = cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(region="eu-west-1"))
    assert cdn(stack).distribution.node.id == "Distribution"


def test_refuses_an_origin_that_the_internet_reaches() -> None:
    """Whoever knows a public load balancer's name calls it past CloudFront and its firewall."""
    stack = cdk.Stack()
    with pytest.raises(ValueError, match="load_balancer must be internal, got Default/LoadBalancer"):
        cdn(stack, load_balancer=load_balancer(stack, internet_facing=True))


def http_api(stack: cdk.Stack, **settings: Any) -> HttpApi:
    balancer = load_balancer(stack)
    listener = elbv2.ApplicationListener.from_application_listener_attributes(
        stack, "Listener", listener_arn=LISTENER, security_group=balancer.connections.security_groups[0]
    )
    given: dict[str, Any] = {"server_name": "shop.example.com"} | settings
    return HttpApi(
        stack, "Api", vpc=imported_vpc(stack, "Again"), load_balancer=balancer, listener=listener, port=443, **given
    )


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """An HTTP API with a name of its own."""

    def define(stack: cdk.Stack) -> None:
        http_api(stack, domain_name="api.example.com", certificate=certificate(stack, "eu-west-1"))

    return synthesize(tmp_path_factory.mktemp("api"), define)


def test_the_api_calls_the_listener_inside_the_vpc(api: Synthesized) -> None:
    """Everything goes through the link to the listener, whose certificate is checked."""
    integration = api.one("AWS::ApiGatewayV2::Integration")["Properties"]
    assert integration["IntegrationUri"] == LISTENER
    assert integration["ConnectionType"] == "VPC_LINK"
    assert integration["TlsConfig"] == {"ServerNameToVerify": "shop.example.com"}
    assert api.one("AWS::ApiGatewayV2::Route")["Properties"]["RouteKey"] == "$default"
    assert api.one("AWS::ApiGatewayV2::VpcLink")["Properties"]["SubnetIds"] == PRIVATE_SUBNETS


def test_the_link_reaches_the_listener_and_nothing_else(api: Synthesized) -> None:
    """Its security group has one way out, and the load balancer's has that way in."""
    egress = api.one("AWS::EC2::SecurityGroupEgress")["Properties"]
    ingress = api.one("AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (egress["FromPort"], egress["ToPort"]) == (ingress["FromPort"], ingress["ToPort"]) == (443, 443)
    assert egress["DestinationSecurityGroupId"] == ingress["GroupId"]


def test_the_api_throttles_and_logs(api: Synthesized) -> None:
    """The stage has both limits and an access log."""
    stage = api.one("AWS::ApiGatewayV2::Stage")["Properties"]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 500
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 1000
    assert "$context.requestId" in stage["AccessLogSettings"]["Format"]


def test_with_a_name_of_its_own_it_has_no_other(api: Synthesized) -> None:
    """The name that AWS gives it is turned off, and the own one speaks TLS 1.2."""
    assert api.one("AWS::ApiGatewayV2::Api")["Properties"]["DisableExecuteApiEndpoint"] is True
    (name,) = api.one("AWS::ApiGatewayV2::DomainName")["Properties"]["DomainNameConfigurations"]
    assert name["SecurityPolicy"] == "TLS_1_2"
    assert name["CertificateArn"] == CERTIFICATE.format(region="eu-west-1")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"burst": 0}, "burst must be at least 1, got 0"),
        ({"domain_name": "api.example.com"}, "domain_name and certificate must be given together, got no certificate"),
    ],
)
def test_refuses_an_api_that_cannot_answer(wrong: dict[str, Any], message: str) -> None:
    """Limits let something through, and a name needs its certificate."""
    with pytest.raises(ValueError, match=message):
        http_api(cdk.Stack(), **wrong)


def test_a_private_name_leads_to_the_load_balancer(tmp_path: Path) -> None:
    """Cloud Map has the load balancer as an alias, and no task: a candidate cannot be found before it is released."""

    def define(stack: cdk.Stack) -> None:
        balancer = load_balancer(stack)
        name = PrivateName(stack, "Name", vpc=imported_vpc(stack, "Again"), load_balancer=balancer, name="orders")
        assert name.host == "orders.internal"

    shop = synthesize(tmp_path, define)
    instance = shop.one("AWS::ServiceDiscovery::Instance")["Properties"]["InstanceAttributes"]
    assert instance["AWS_ALIAS_DNS_NAME"]["Fn::GetAtt"][1] == "DNSName"
    assert shop.one("AWS::ServiceDiscovery::Service")["Properties"]["DnsConfig"]["RoutingPolicy"] == "WEIGHTED"


def test_a_namespace_can_be_shared(tmp_path: Path) -> None:
    """Several services have names in one namespace that exists."""

    def define(stack: cdk.Stack) -> None:
        shared = servicediscovery.PrivateDnsNamespace.from_private_dns_namespace_attributes(
            stack, "Shared", namespace_id="ns-0123456789abcdef", namespace_name="shop.internal", namespace_arn="arn"
        )
        balancer = load_balancer(stack)
        vpc = imported_vpc(stack, "Again")
        name = PrivateName(stack, "Name", vpc=vpc, load_balancer=balancer, name="orders", namespace=shared)
        assert name.host == "orders.shop.internal"

    shop = synthesize(tmp_path, define)
    assert shop.of_type("AWS::ServiceDiscovery::PrivateDnsNamespace") == []


@pytest.mark.parametrize("wrong", [{"name": "Orders"}, {"name": "a.b"}, {"name": "orders", "namespace": "in ternal"}])
def test_refuses_what_is_no_private_name(wrong: dict[str, str]) -> None:
    """A label and a namespace are names in DNS."""
    stack = cdk.Stack()
    with pytest.raises(ValueError, match=r"name(space)? must be"):
        PrivateName(stack, "Name", vpc=imported_vpc(stack, "Again"), load_balancer=load_balancer(stack), **wrong)
