"""A domain name with its zone: certificates that renew themselves, and records that follow what serves it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ._regions import require_us_east_1

if TYPE_CHECKING:
    from .endpoint_health import EndpointHealth


class Failover(StrEnum):
    """Which of two regions a record sends users to."""

    PRIMARY = "PRIMARY"
    """While it is healthy, and as the last resort when nothing is."""
    SECONDARY = "SECONDARY"
    """While the primary is not healthy."""


class HostedDomain(Construct):
    """A name that users call, and the public zone in Route 53 that answers for it.

    An own zone answers once the parent domain delegates to it: somebody puts `name_servers` into the parent as NS
    records, once. Until then certificates are not issued, and a deploy that makes one waits for it. From then on,
    issuing and renewing need nobody. The zone stays when its stack goes: its successor would have other name servers,
    and AWS Certificate Manager leaves a record in it that keeps it from being deleted.

    Args:
        scope: The stack, best one that is protected: who deletes the zone takes the name away.
        construct_id: Its name there.
        domain_name: The name, lower case, without a final dot.
        hosted_zone: The zone of the name or of a domain above it, imported by id and name. One of its own for exactly
            this name when omitted.
        query_log_group: Where an own zone logs who asks for what, in us-east-1, with a resource policy that lets
            Route 53 write. Route 53 logs nowhere else. No query is logged when omitted.

    Attributes:
        domain_name: As given.
        zone: The zone.
        name_servers: An own zone's four name servers; empty for a given zone.

    Raises:
        ValueError: If the name is none, is not in the given zone, or the log group is known to be in another region.

    Example:
        >>> import aws_cdk as cdk
        >>> domain = HostedDomain(cdk.Stack(cdk.App(), "Data"), "Domain", domain_name="orders.example.com")
        >>> domain.zone.zone_name
        'orders.example.com'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_name: str,
        hosted_zone: route53.IHostedZone | None = None,
        query_log_group: logs.ILogGroup | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        _require_name(domain_name, hosted_zone)
        if query_log_group is not None:
            if hosted_zone is not None:
                raise ValueError("query_log_group must be omitted with a given hosted_zone; its owner logs its queries")
            require_us_east_1("query_log_group", query_log_group)
        self.domain_name = domain_name
        self.zone: route53.IHostedZone = hosted_zone or self._own_zone(query_log_group)
        self.name_servers = [] if hosted_zone else self.zone.hosted_zone_name_servers or []

    def certificate(self, scope: Construct, construct_id: str = "Certificate") -> acm.Certificate:
        """Define a certificate for the name, which AWS renews by itself.

        Args:
            scope: Where; its stack's region is the certificate's. CloudFront takes it from us-east-1 only.
            construct_id: Its name there.

        Returns:
            The certificate. Its first deploy waits until the zone is delegated.
        """
        return acm.Certificate(
            scope,
            construct_id,
            domain_name=self.domain_name,
            validation=acm.CertificateValidation.from_dns(self.zone),
        )

    def send_to(
        self,
        scope: Construct,
        load_balancer: elbv2.IApplicationLoadBalancer,
        *,
        construct_id: str = "Alias",
        ipv6: bool = False,
        health: "EndpointHealth | None" = None,
        failover: Failover | None = None,
    ) -> route53.CfnRecordSetGroup:
        """Let the name lead to a load balancer, as long as that has a healthy target.

        Args:
            scope: Where; best the load balancer's stack.
            load_balancer: The load balancer.
            construct_id: The name there.
            ipv6: Whether there is an AAAA record too, which only a dual-stack load balancer answers.
            health: What else decides whether it is healthy, as seen from outside. Needs `failover`.
            failover: Which of two regions this is. Two stacks, one in each region, share the name in this way; with a
                primary alone, its record stands whatever its health. The only one when omitted: then nobody else
                can have a record of this name, and changing from one to the other later interrupts the name.

        Returns:
            The records.

        Raises:
            ValueError: If `health` is given without `failover`, which Route 53 would not look at.
        """
        if health is not None and failover is None:
            raise ValueError("failover must be given with health, got None; a record without alternatives never yields")
        alias = {
            "dnsName": load_balancer.load_balancer_dns_name,
            "hostedZoneId": load_balancer.load_balancer_canonical_hosted_zone_id,
            "evaluateTargetHealth": True,
        }
        records = [
            route53.CfnRecordSetGroup.RecordSetProperty(
                name=f"{self.domain_name}.",
                type=kind,
                alias_target=alias,
                failover=failover.value if failover else None,
                set_identifier=failover.value.lower() if failover else None,
                health_check_id=health.health_check_id if health else None,
            )
            for kind in _kinds(ipv6=ipv6)
        ]
        return route53.CfnRecordSetGroup(
            scope, construct_id, hosted_zone_id=self.zone.hosted_zone_id, record_sets=records
        )

    def _own_zone(self, query_log_group: logs.ILogGroup | None) -> route53.PublicHostedZone:
        zone = route53.PublicHostedZone(
            self,
            "Zone",
            zone_name=self.domain_name,
            comment=f"Made by {Stack.of(self).stack_name}",
            query_logs_log_group_arn=query_log_group.log_group_arn if query_log_group else None,
        )
        zone.apply_removal_policy(RemovalPolicy.RETAIN)
        return zone


def _kinds(*, ipv6: bool) -> Sequence[str]:
    return ("A", "AAAA") if ipv6 else ("A",)


def _require_name(domain_name: str, hosted_zone: route53.IHostedZone | None) -> None:
    if Token.is_unresolved(domain_name):
        return
    if domain_name != domain_name.lower() or domain_name.endswith(".") or "." not in domain_name:
        raise ValueError(
            f"domain_name must be lower case, with at least two labels and no final dot, got {domain_name!r}"
        )
    zone = domain_name if hosted_zone is None else hosted_zone.zone_name
    if not Token.is_unresolved(zone) and f".{domain_name}".endswith(f".{zone.rstrip('.')}") is False:
        raise ValueError(
            f"domain_name must be {zone} or below it, got {domain_name!r}; give its own zone, or omit hosted_zone"
        )
