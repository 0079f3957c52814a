"""A name's zone, certificate and records."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53

from bluegreen.cdk.edge import EndpointHealth, Failover, HostedDomain
from tests.cdk.edge.support import given_load_balancer
from tests.cdk.support import Synthesized, synthesize


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A name with a zone of its own, as the primary of two regions."""

    def define(stack: cdk.Stack) -> None:
        domain = HostedDomain(stack, "Domain", domain_name="orders.example.com")
        domain.certificate(stack)
        balancer = given_load_balancer(stack)
        health = EndpointHealth(stack, "Health", host=balancer.load_balancer_dns_name)
        domain.send_to(stack, balancer, health=health, failover=Failover.PRIMARY)

    return synthesize(tmp_path_factory.mktemp("shop"), define)


def test_the_certificate_validates_itself_in_the_zone(shop: Synthesized) -> None:
    """AWS Certificate Manager writes its record into the zone, so that nobody has to, now and at each renewal."""
    (zone,) = [name for name, one in shop.resources.items() if one["Type"] == "AWS::Route53::HostedZone"]
    certificate = shop.one("AWS::CertificateManager::Certificate")["Properties"]
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": "orders.example.com", "HostedZoneId": {"Ref": zone}}
    ]


def test_the_zone_stays_when_its_stack_goes(shop: Synthesized) -> None:
    """A new zone would have other name servers than those that the parent domain delegates to."""
    assert shop.one("AWS::Route53::HostedZone")["DeletionPolicy"] == "Retain"


def test_the_name_yields_to_another_region_when_it_is_unhealthy(shop: Synthesized) -> None:
    """The record is the primary, judged by its targets' health and by the check from outside."""
    (health,) = [name for name, one in shop.resources.items() if one["Type"] == "AWS::Route53::HealthCheck"]
    (record,) = shop.one("AWS::Route53::RecordSetGroup")["Properties"]["RecordSets"]
    assert record == {
        "Name": "orders.example.com.",
        "Type": "A",
        "SetIdentifier": "primary",
        "Failover": "PRIMARY",
        "HealthCheckId": {"Fn::GetAtt": [health, "HealthCheckId"]},
        "AliasTarget": {
            "DNSName": "shared.example.com",
            "HostedZoneId": "Z32O12XQLNTSW2",
            "EvaluateTargetHealth": True,
        },
    }


def test_the_check_looks_at_the_load_balancer_and_not_at_the_name(shop: Synthesized) -> None:
    """A check of the name would be answered by whichever region the check itself has chosen."""
    assert shop.one("AWS::Route53::HealthCheck")["Properties"]["HealthCheckConfig"] == {
        "Type": "HTTPS",
        "FullyQualifiedDomainName": "shared.example.com",
        "ResourcePath": "/health/live",
        "Port": 443,
        "EnableSNI": True,
        "RequestInterval": 30,
        "FailureThreshold": 3,
    }


def test_a_lone_record_has_no_alternatives(tmp_path: Path) -> None:
    """Without failover there is one plain alias, with IPv6 two."""

    def define(stack: cdk.Stack) -> None:
        domain = HostedDomain(stack, "Domain", domain_name="orders.example.com")
        domain.send_to(stack, given_load_balancer(stack), ipv6=True)

    records = synthesize(tmp_path, define).one("AWS::Route53::RecordSetGroup")["Properties"]["RecordSets"]
    assert [record["Type"] for record in records] == ["A", "AAAA"]
    assert not any({"Failover", "SetIdentifier", "HealthCheckId"} & set(record) for record in records)


def test_a_zone_above_the_name_can_be_given(tmp_path: Path) -> None:
    """The records go into the given zone, and no other is made."""

    def define(stack: cdk.Stack) -> None:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            stack, "Zone", hosted_zone_id="Z0123456789ABC", zone_name="example.com"
        )
        domain = HostedDomain(stack, "Domain", domain_name="orders.example.com", hosted_zone=zone)
        assert domain.name_servers == []
        domain.send_to(stack, given_load_balancer(stack))

    shop = synthesize(tmp_path, define)
    assert shop.of_type("AWS::Route53::HostedZone") == []
    assert shop.one("AWS::Route53::RecordSetGroup")["Properties"]["HostedZoneId"] == "Z0123456789ABC"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", None])
def test_the_alert_is_where_its_metric_is(region: str | None) -> None:
    """Route 53 tells CloudWatch in us-east-1 only: an alarm elsewhere would never know anything."""
    stack = cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(region=region))
    assert len(EndpointHealth(stack, "Health", host="x.example.com").alerts) == (region == "us-east-1")


def test_queries_are_logged_where_route_53_can_write(tmp_path: Path) -> None:
    """A log group in us-east-1 is stated in the zone; one that is known to be elsewhere is refused."""
    app = cdk.App(outdir=str(tmp_path))
    groups = {
        region: logs.LogGroup(cdk.Stack(app, region, env=cdk.Environment(region=region)), "Queries")
        for region in ("us-east-1", "eu-west-1")
    }
    HostedDomain(groups["us-east-1"].stack, "Domain", domain_name="a.example.com", query_log_group=groups["us-east-1"])
    with pytest.raises(ValueError, match=r"query_log_group must be in us-east-1, got eu-west-1/Queries in eu-west-1"):
        HostedDomain(
            groups["eu-west-1"].stack, "Domain", domain_name="a.example.com", query_log_group=groups["eu-west-1"]
        )
    assert "QueryLoggingConfig" in str(app.synth().get_stack_by_name("us-east-1").template)


@pytest.mark.parametrize("name", ["Orders.example.com", "orders.example.com.", "orders"])
def test_refuses_what_is_no_name(name: str) -> None:
    """A name is written as certificates and records have it."""
    with pytest.raises(ValueError, match="domain_name must be lower case"):
        HostedDomain(cdk.Stack(), "Domain", domain_name=name)


@pytest.mark.parametrize("name", ["orders.example.org", "myexample.com"])
def test_refuses_a_zone_that_cannot_have_the_name(name: str) -> None:
    """A record outside of its zone would be refused at deployment only."""
    stack = cdk.Stack()
    zone = route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id="Z0", zone_name="example.com")
    with pytest.raises(ValueError, match=r"domain_name must be example.com or below it"):
        HostedDomain(stack, "Domain", domain_name=name, hosted_zone=zone)


def test_refuses_a_check_that_nobody_asks() -> None:
    """Route 53 looks at the health of records that have alternatives only."""
    stack = cdk.Stack()
    domain = HostedDomain(stack, "Domain", domain_name="orders.example.com")
    health = EndpointHealth(stack, "Health", host="x.example.com")
    with pytest.raises(ValueError, match="failover must be given with health"):
        domain.send_to(stack, given_load_balancer(stack), health=health)


@pytest.mark.parametrize(
    ("wrong", "message"), [({"path": "health"}, 'path must begin with "/"'), ({"port": 65536}, "port must be 1-65535")]
)
def test_refuses_a_check_of_nothing(wrong: dict[str, Any], message: str) -> None:
    """A path begins with a slash, a port is TCP's."""
    with pytest.raises(ValueError, match=message):
        EndpointHealth(cdk.Stack(), "Health", host="x.example.com", **wrong)
