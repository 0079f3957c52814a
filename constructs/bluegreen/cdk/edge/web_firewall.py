"""AWS WAF before a load balancer or a distribution."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._arns import OWN
from bluegreen.cdk._durations import minutes
from bluegreen.cdk._names import computed_name
from bluegreen.cdk._require import require_range
from bluegreen.cdk.watching import RUNBOOKS, Alert, Severity, define_alert

from ._regions import require_us_east_1

_MANAGED = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
"""AWS's own rule groups, in the order in which they are asked: the cheapest refusal first. 1125 capacity units."""
_LOG_NAME = "aws-waf-logs-"
"""AWS WAF writes to no log group of another name."""
_LONGEST_METRIC = 128


class FirewallMode(StrEnum):
    """What the firewall does with a request that a rule finds."""

    COUNT = "count"
    """Lets it through and says so in metrics and log: for the first weeks of a new application."""
    BLOCK = "block"
    """Answers 403."""


class FirewallScope(StrEnum):
    """What can be protected."""

    REGIONAL = "REGIONAL"
    """Load balancers, REST APIs and user pools of one region."""
    CLOUDFRONT = "CLOUDFRONT"
    """CloudFront distributions."""


class WebFirewall(Construct):
    """A web ACL with AWS's rules for the OWASP top ten and a rate limit, and a log of what it refused.

    It stands before the whole load balancer, so smoke tests on the test listener pass through it as users do: a
    candidate is tried behind the same rules, a check that looks like an attack gets a 403 in `FirewallMode.BLOCK`, and
    the smoke tests' few addresses count against the rate limit like any other. Of a body, the rules see the first
    8 KB behind a load balancer; AWS's core rules refuse a larger one unless `SizeRestrictions_BODY` is excluded.

    What it answers itself is no error of the service: neither rollback alarms nor objectives see it.

    AWS WAF lets itself into the log group with the rights of whoever deploys, who needs `logs:CreateLogDelivery` and
    `logs:PutResourcePolicy` for it; the role of `cdk bootstrap` has them.

    Args:
        scope: The stack.
        construct_id: Its name there.
        mode: What happens to a request that a rule finds.
        rate_limit_per_5_minutes: How many requests one address may send in five minutes, 10-2000000000. Users behind
            one company's gateway share an address.
        firewall_scope: What it can protect. One for CloudFront must be in us-east-1, with its log and alerts.
        excluded: Rules that only count although the mode is to block, by AWS's rule group, each for a known reason:
            {"AWSManagedRulesCommonRuleSet": ["SizeRestrictions_BODY"]}.
        key: Encrypts the log group; CloudWatch Logs' own key when omitted.
        log_retention: How long the log is kept.
        redacted_headers: Headers, in lower case, that the log does not show.
        redact_query: Whether the log hides query strings too.
        surge: How many found requests in five minutes are an attack or a broken release, at least 1.
        runbooks: Where the runbooks are: a path or URL without anchor.

    Attributes:
        web_acl: The web ACL.
        arn: Its ARN.
        log_group: The log of requests that a rule found, not of those let through untouched.
        alerts: A surge of found requests.

    Raises:
        ValueError: If a value is out of range, an excluded rule group is not one of these, or one for CloudFront is
            known to be in another region than us-east-1.

    Example:
        >>> import aws_cdk as cdk
        >>> firewall = WebFirewall(cdk.Stack(cdk.App(), "Shop"), "Firewall", mode=FirewallMode.COUNT)
        >>> firewall.alerts[0].severity.value
        'warning'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        mode: FirewallMode = FirewallMode.BLOCK,
        rate_limit_per_5_minutes: int = 2000,
        firewall_scope: FirewallScope = FirewallScope.REGIONAL,
        excluded: Mapping[str, Sequence[str]] = MappingProxyType({}),
        key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        redacted_headers: Sequence[str] = ("authorization", "cookie"),
        redact_query: bool = False,
        surge: int = 1000,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        _require(rate_limit_per_5_minutes, excluded, redacted_headers, surge)
        self._scope, self._mode = firewall_scope, mode
        if firewall_scope is FirewallScope.CLOUDFRONT:
            require_us_east_1("a firewall for CloudFront", self)
        self._metric_name = computed_name(self, max_length=_LONGEST_METRIC)
        self.web_acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            scope=firewall_scope.value,
            description=f"Managed rules and a rate limit, {mode.value}",
            default_action={"allow": {}},
            rules=self._rules(rate_limit_per_5_minutes, excluded),
            visibility_config=_visible(self._metric_name),
        )
        self.arn: str = self.web_acl.attr_arn
        self.log_group = self._log(key, log_retention, redacted_headers, redact_query=redact_query)
        self.alerts: Sequence[Alert] = [self._surge(surge, runbooks)]

    def protect(self, load_balancer: elbv2.IApplicationLoadBalancer) -> wafv2.CfnWebACLAssociation:
        """Put the firewall before a load balancer of the same region, which can have one only.

        Args:
            load_balancer: The load balancer.

        Returns:
            The association.

        Raises:
            ValueError: If the firewall is for CloudFront, which takes its `arn` instead.
        """
        if self._scope is FirewallScope.CLOUDFRONT:
            raise ValueError(
                "a firewall for CloudFront cannot protect a load balancer; make one with FirewallScope.REGIONAL, or "
                "give this one's arn to the distribution"
            )
        return wafv2.CfnWebACLAssociation(
            self,
            f"Protects{load_balancer.node.addr[-8:]}",
            resource_arn=load_balancer.load_balancer_arn,
            web_acl_arn=self.arn,
        )

    def metric_found(self) -> cloudwatch.Metric:
        """Return how many requests the rules found, by five minutes: blocked ones, or counted ones in that mode."""
        region = {"Region": OWN.region} if self._scope is FirewallScope.REGIONAL else {}
        return cloudwatch.Metric(
            namespace="AWS/WAFV2",
            metric_name="BlockedRequests" if self._mode is FirewallMode.BLOCK else "CountedRequests",
            dimensions_map={"WebACL": self._metric_name, "Rule": "ALL", **region},
            statistic="Sum",
            period=minutes(5),
        )

    def _rules(self, rate_limit: int, excluded: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
        counts = self._mode is FirewallMode.COUNT
        managed = [
            {
                "name": name,
                "overrideAction": {"count": {}} if counts else {"none": {}},
                "statement": {"managedRuleGroupStatement": _managed(name, excluded.get(name, ()))},
            }
            for name in _MANAGED
        ]
        rate = {
            "name": "RateLimit",
            "action": {"count": {}} if counts else {"block": {}},
            "statement": {"rateBasedStatement": {"limit": rate_limit, "aggregateKeyType": "IP"}},
        }
        ordered = [managed[0], rate, *managed[1:]]
        return [
            rule | {"priority": number, "visibilityConfig": _visible(str(rule["name"]))}
            for number, rule in enumerate(ordered)
        ]

    def _log(
        self, key: kms.IKey | None, retention: logs.RetentionDays, redacted: Sequence[str], *, redact_query: bool
    ) -> logs.LogGroup:
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"{_LOG_NAME}{computed_name(self, max_length=400)}",
            retention=retention,
            encryption_key=key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        if key is None:
            reason = "CloudWatch Logs encrypts what the firewall refused with its own key unless it is given one"
            acknowledge(group, {"NIST.800.53.R5-CloudWatchLogGroupEncrypted": reason})
        fields: list[dict[str, Any]] = [{"singleHeader": {"Name": name}} for name in redacted]
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.arn,
            log_destination_configs=[group.log_group_arn],
            redacted_fields=[*fields, {"queryString": {}}] if redact_query else fields,
            logging_filter=_ONLY_FOUND,
        )
        return group

    def _surge(self, surge: int, runbooks: str) -> Alert:
        return define_alert(
            self,
            "Surge",
            says=f"Requests that the firewall would refuse or did, mode {self._mode.value}, in 5 minutes",
            severity=Severity.WARNING,
            runbook=f"{runbooks}#firewall-surge",
            metric=self.metric_found(),
            threshold=surge,
        )


_ONLY_FOUND = {
    "DefaultBehavior": "DROP",
    "Filters": [
        {
            "Behavior": "KEEP",
            "Requirement": "MEETS_ANY",
            "Conditions": [
                {"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
            ],
        }
    ],
}
"""What users send unharmed is in the access logs; the firewall's would repeat it at the price of every request."""


def _managed(name: str, counted: Sequence[str]) -> dict[str, Any]:
    statement: dict[str, Any] = {"vendorName": "AWS", "name": name}
    if counted:
        statement["ruleActionOverrides"] = [{"name": rule, "actionToUse": {"count": {}}} for rule in counted]
    return statement


def _visible(metric_name: str) -> dict[str, Any]:
    return {"cloudWatchMetricsEnabled": True, "sampledRequestsEnabled": True, "metricName": metric_name}


def _require(rate_limit: int, excluded: Mapping[str, Sequence[str]], redacted: Sequence[str], surge: int) -> None:
    require_range("rate_limit_per_5_minutes", rate_limit, 10, 2_000_000_000, known=True)
    if surge < 1:
        raise ValueError(f"surge must be at least 1, got {surge}")
    unknown = sorted(set(excluded) - set(_MANAGED))
    if unknown:
        raise ValueError(f"excluded must name rule groups out of {', '.join(_MANAGED)}, got {', '.join(unknown)}")
    wrong = [name for name in redacted if not name or name != name.lower()]
    if wrong:
        raise ValueError(f"redacted_headers must be names in lower case, got {', '.join(map(repr, wrong))}")
