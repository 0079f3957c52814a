"""Whether an endpoint answers, as seen from several parts of the world."""

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_route53 as route53
from constructs import Construct

from bluegreen.cdk._durations import minutes
from bluegreen.cdk._require import require_range
from bluegreen.cdk.watching import RUNBOOKS, Alert, Severity, define_alert

from ._regions import in_us_east_1

if TYPE_CHECKING:
    from collections.abc import Sequence


class EndpointHealth(Construct):
    """A Route 53 health check: every 30 seconds from each of AWS's checking regions.

    It is unhealthy after three failures in a row at most of them, which takes about 90 seconds. It sees connection and
    status, not the certificate: Route 53 verifies none; a journey does. It comes through the firewall as users do.

    Route 53 tells CloudWatch in us-east-1 only. So there is an alert exactly when the stack's region is known to be
    that one; elsewhere the health check decides about records, and the alerts of service and journeys tell people.

    Args:
        scope: The stack.
        construct_id: Its name there.
        host: What is called, by its name in DNS: the load balancer's own name for a record with failover, because a
            check of the name that it decides about would follow its own decision.
        path: What is asked for; 200-399 within 2 seconds is healthy.
        secure: Whether by HTTPS.
        port: 443 with HTTPS, else 80, when omitted.
        runbooks: Where the runbooks are: a path or URL without anchor.

    Attributes:
        health_check_id: Its id.
        alerts: "unhealthy" in us-east-1, else nothing.

    Raises:
        ValueError: If the path does not begin with "/", or the port is not 1-65535.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(region="us-east-1"))
        >>> len(EndpointHealth(stack, "Health", host="orders.example.com").alerts)
        1
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        host: str,
        path: str = "/health/live",
        secure: bool = True,
        port: int | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        asked = port or (443 if secure else 80)
        if not path.startswith("/"):
            raise ValueError(f'path must begin with "/", got {path!r}')
        require_range("port", asked, 1, 65535)
        check = route53.CfnHealthCheck(
            self,
            "HealthCheck",
            health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
                type="HTTPS" if secure else "HTTP",
                fully_qualified_domain_name=host,
                resource_path=path,
                port=asked,
                enable_sni=True if secure else None,
                request_interval=30,
                failure_threshold=3,
            ),
        )
        self.health_check_id: str = check.attr_health_check_id
        self.alerts: Sequence[Alert] = [self._unhealthy(runbooks)] if in_us_east_1(self) else []

    def _unhealthy(self, runbooks: str) -> Alert:
        return define_alert(
            self,
            "Unhealthy",
            says="Share of checkers around the world that the endpoint answers",
            severity=Severity.CRITICAL,
            runbook=f"{runbooks}#endpoint-unhealthy",
            metric=cloudwatch.Metric(
                namespace="AWS/Route53",
                metric_name="HealthCheckStatus",
                dimensions_map={"HealthCheckId": self.health_check_id},
                statistic="Minimum",
                period=minutes(1),
            ),
            threshold=1,
            evaluation_periods=2,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
