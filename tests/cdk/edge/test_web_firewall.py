"""The firewall's rules, what it does with a request that they find, and what it logs."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from bluegreen.cdk.edge import FirewallMode, FirewallScope, WebFirewall
from tests.cdk.edge.support import given_load_balancer
from tests.cdk.support import SHARED_LOAD_BALANCER, Synthesized, synthesize

RULES = [
    "AWSManagedRulesAmazonIpReputationList",
    "RateLimit",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
]


def rules(shop: Synthesized) -> list[dict[str, Any]]:
    return sorted(shop.one("AWS::WAFv2::WebACL")["Properties"]["Rules"], key=lambda rule: rule["Priority"])


@pytest.fixture(scope="module")
def blocking(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A firewall as it is by default, before a load balancer."""

    def define(stack: cdk.Stack) -> None:
        WebFirewall(stack, "Firewall").protect(given_load_balancer(stack))

    return synthesize(tmp_path_factory.mktemp("blocking"), define)


def test_every_threat_has_its_rule(blocking: Synthesized) -> None:
    """Reputation, rate, core rules, known bad inputs and SQL injection, in this order."""
    assert [rule["Name"] for rule in rules(blocking)] == RULES


def test_blocks_by_default(blocking: Synthesized) -> None:
    """AWS's rule groups keep their own actions, and the rate limit refuses."""
    groups = [rule for rule in rules(blocking) if rule["Name"] != "RateLimit"]
    assert [rule["OverrideAction"] for rule in groups] == [{"None": {}}] * 4
    assert rules(blocking)[1]["Action"] == {"Block": {}}


def test_counts_when_asked(tmp_path: Path) -> None:
    """In the mode to count, no rule refuses anything, and the alert watches what was counted."""
    shop = synthesize(tmp_path, lambda stack: WebFirewall(stack, "Firewall", mode=FirewallMode.COUNT))
    actions = [rule.get("OverrideAction", rule.get("Action")) for rule in rules(shop)]
    assert actions == [{"Count": {}}] * 5
    assert shop.one("AWS::CloudWatch::Alarm")["Properties"]["MetricName"] == "CountedRequests"


def test_the_rate_is_of_one_address_in_five_minutes(blocking: Synthesized) -> None:
    """AWS WAF's window is five minutes when nothing else is stated."""
    assert rules(blocking)[1]["Statement"] == {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}}


def test_it_stands_before_the_load_balancer(blocking: Synthesized) -> None:
    """The association names the load balancer, and so both listeners."""
    (acl,) = [name for name, one in blocking.resources.items() if one["Type"] == "AWS::WAFv2::WebACL"]
    assert blocking.one("AWS::WAFv2::WebACLAssociation")["Properties"] == {
        "ResourceArn": SHARED_LOAD_BALANCER,
        "WebACLArn": {"Fn::GetAtt": [acl, "Arn"]},
    }


def test_the_log_shows_no_secrets(blocking: Synthesized) -> None:
    """Credentials are redacted, and requests that no rule found are not logged at all."""
    logging = blocking.one("AWS::WAFv2::LoggingConfiguration")["Properties"]
    assert logging["RedactedFields"] == [
        {"SingleHeader": {"Name": "authorization"}},
        {"SingleHeader": {"Name": "cookie"}},
    ]
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"


def test_queries_can_be_redacted_too(tmp_path: Path) -> None:
    """For applications whose query strings hold what nobody should read."""
    shop = synthesize(tmp_path, lambda stack: WebFirewall(stack, "Firewall", redact_query=True))
    assert {"QueryString": {}} in shop.one("AWS::WAFv2::LoggingConfiguration")["Properties"]["RedactedFields"]


def test_the_log_groups_name_is_one_that_waf_writes_to(blocking: Synthesized) -> None:
    """AWS WAF demands the prefix."""
    assert blocking.one("AWS::Logs::LogGroup")["Properties"]["LogGroupName"] == "aws-waf-logs-Shop-Firewall"


def test_an_excluded_rule_only_counts(tmp_path: Path) -> None:
    """One rule of a group can be let off, and its group's others go on."""
    excluded = {"AWSManagedRulesCommonRuleSet": ["SizeRestrictions_BODY"]}
    shop = synthesize(tmp_path, lambda stack: WebFirewall(stack, "Firewall", excluded=excluded))
    assert rules(shop)[2]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"] == [
        {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}
    ]


def test_the_alert_reads_the_metric_that_the_firewall_writes(blocking: Synthesized) -> None:
    """The dimensions are those of AWS WAF: the ACL's metric name, all rules, and the region."""
    acl = blocking.one("AWS::WAFv2::WebACL")["Properties"]["VisibilityConfig"]["MetricName"]
    alarm = blocking.one("AWS::CloudWatch::Alarm")["Properties"]
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/WAFV2", "BlockedRequests")
    assert dimensions == {"WebACL": acl, "Rule": "ALL", "Region": {"Ref": "AWS::Region"}}


def test_one_for_cloudfront_is_in_us_east_1() -> None:
    """AWS WAF has CloudFront's firewalls there, without a region in their metrics; elsewhere they are refused."""
    app = cdk.App()
    here = cdk.Stack(app, "Here", env=cdk.Environment(region="us-east-1"))
    firewall = WebFirewall(here, "Firewall", firewall_scope=FirewallScope.CLOUDFRONT)
    assert set(firewall.metric_found().dimensions or {}) == {"WebACL", "Rule"}
    with pytest.raises(ValueError, match="cannot protect a load balancer"):
        firewall.protect(given_load_balancer(here))
    there = cdk.Stack(app, "There", env=cdk.Environment(region="eu-west-1"))
    with pytest.raises(ValueError, match="a firewall for CloudFront must be in us-east-1, got There/Firewall"):
        WebFirewall(there, "Firewall", firewall_scope=FirewallScope.CLOUDFRONT)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate_limit_per_5_minutes": 9}, "rate_limit_per_5_minutes must be 10-2000000000, got 9"),
        ({"rate_limit_per_5_minutes": 2_000_000_001}, "rate_limit_per_5_minutes must be 10-2000000000"),
        ({"excluded": {"AWSManagedRulesLinuxRuleSet": ["LFI"]}}, "excluded must name rule groups out of"),
        ({"redacted_headers": ["Authorization"]}, "redacted_headers must be names in lower case, got 'Authorization'"),
        ({"surge": 0}, "surge must be at least 1, got 0"),
    ],
)
def test_refuses_what_waf_would_refuse(wrong: dict[str, Any], message: str) -> None:
    """Limits are AWS WAF's; a rule group that is not there cannot be let off."""
    with pytest.raises(ValueError, match=message):
        WebFirewall(cdk.Stack(), "Firewall", **wrong)
