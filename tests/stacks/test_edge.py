"""What stands between users and the orders service, in every environment."""

import json

import pytest

from stacks.environments import ENVIRONMENTS
from tests.stacks.support import Templates, resources

NAMED = [name for name, environment in ENVIRONMENTS.items() if environment.domain_name]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_firewall_blocks_before_every_service(name: str, templates: Templates) -> None:
    """The mode is production's everywhere: what it would refuse there is refused in development first."""
    (acl,) = resources(templates[name], "AWS::WAFv2::WebACL")
    groups = [rule["OverrideAction"] for rule in acl["Properties"]["Rules"] if "OverrideAction" in rule]
    assert groups == [{"None": {}}] * 4
    (association,) = resources(templates[name], "AWS::WAFv2::WebACLAssociation")
    (balancer,) = (
        logical_id
        for logical_id, one in templates[name]["Resources"].items()
        if one["Type"] == "AWS::ElasticLoadBalancingV2::LoadBalancer"
    )
    assert association["Properties"]["ResourceArn"] == {"Ref": balancer}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_load_balancer_logs_into_the_stack_that_stays(name: str, templates: Templates) -> None:
    """Requests and connections go into a bucket of the data stack, which outlives the service."""
    (balancer,) = resources(templates[name], "AWS::ElasticLoadBalancingV2::LoadBalancer")
    values = {one["Key"]: one["Value"] for one in balancer["Properties"]["LoadBalancerAttributes"]}
    for kind in ("access", "connection"):
        assert values[f"{kind}_logs.s3.enabled"] == "true"
        assert "DataStack:" in values[f"{kind}_logs.s3.bucket"]["Fn::ImportValue"]


@pytest.mark.parametrize("name", NAMED)
def test_the_certificate_is_validated_in_the_zone_that_stays(
    name: str, templates: Templates, data_templates: Templates
) -> None:
    """The zone is in the data stack, whose output says what to delegate to; no record is put by hand."""
    (certificate,) = resources(templates[name], "AWS::CertificateManager::Certificate")
    (option,) = certificate["Properties"]["DomainValidationOptions"]
    assert "DataStack:" in option["HostedZoneId"]["Fn::ImportValue"]
    (zone,) = resources(data_templates[name], "AWS::Route53::HostedZone")
    assert zone["Properties"]["Name"] == f"{ENVIRONMENTS[name].domain_name}."
    assert "NameServers" in json.dumps(data_templates[name]["Outputs"]["NameServers"]["Value"])


@pytest.mark.parametrize("name", NAMED)
def test_another_region_can_take_the_name_over(name: str, templates: Templates) -> None:
    """The record is a primary with a health check: adding a secondary elsewhere changes nothing here."""
    (group,) = resources(templates[name], "AWS::Route53::RecordSetGroup")
    (record,) = group["Properties"]["RecordSets"]
    assert (record["Failover"], record["SetIdentifier"]) == ("PRIMARY", "primary")
    assert "HealthCheckId" in record


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_browsers_come_back_by_https_where_there_is_any(name: str, templates: Templates) -> None:
    """Strict-Transport-Security is on production and test listener exactly where the service has a certificate."""
    for listener in resources(templates[name], "AWS::ElasticLoadBalancingV2::Listener"):
        keys = {one["Key"] for one in listener["Properties"]["ListenerAttributes"]}
        secure = listener["Properties"]["Protocol"] == "HTTPS"
        assert ("routing.http.response.strict_transport_security.header_value" in keys) == secure
        assert "routing.http.response.x_content_type_options.header_value" in keys
